/* The pictures of a cell, and one of them with its probabilities, its activation map and its neighbors. */

import { bars, captioned, cutOut, drawMap } from "../shared/drawing.js";
import { make } from "../shared/elements.js";
import { percent, placeInWords } from "../shared/explain.js";

/* data: what the page was built with; sheets: {pictures, neighbors}, images; choose(index) for a picture that is chosen. */
export function details(data, sheets, choose) {
  const { names, labels, maps, nearest, similar, shape, unit } = data;
  const heading = make("p", { class: "predictions-heading", role: "status", "aria-live": "polite" });
  const list = make("div", { class: "live-row predictions-list", role: "group", "aria-label": "Pictures of this cell" });
  const verdict = make("p", { class: "predictions-verdict" });
  const canvas = make("canvas", { class: "predictions-picture", role: "img" });
  const about = make("select", { id: "predictions-about" });
  const where = make("p", { class: "live-words" });
  const key = make("p", { class: "live-key", "aria-hidden": "true" }, make("span", { class: "live-for" }, "■ for"), make("span", { class: "live-against" }, "■ against"));
  const chances = make("div");
  const row = make("div", { class: "live-row" });
  const like = make("div", { class: "live-nearest" }, make("p", { class: "live-label" }, "Most like it among the training pictures, by the cosine of their features:"), row);
  const one = make("div", { class: "live-columns" },
    make("div", {}, canvas, make("p", { class: "live-label" }, make("label", { for: "predictions-about" }, "Color what speaks for "), about), key, where),
    make("div", {}, verdict, chances, like));
  const element = make("div", { class: "predictions-details" }, heading, list, one);
  const small = new Map();
  let [shown, color] = [null, null];

  const thumbnail = (index) => {
    if (!small.has(index)) {
      const button = make("button", { type: "button", class: "live-example" }, cutOut({ sheet: sheets.pictures, ...data.pictures }, index));
      button.addEventListener("click", () => choose(index));
      small.set(index, button);
    }
    return small.get(index);
  };
  const paint = () => {
    const picture = cutOut({ sheet: sheets.pictures, ...data.pictures }, shown);
    const shares = about.value === "" ? null : Float32Array.from(maps[shown][about.value], (share) => share * unit);
    drawMap(canvas, picture, shares, shape);
    where.textContent = shares ? `What speaks most for “${names[about.value]}” is ${placeInWords(shares, shape)}.` : "";
    key.hidden = !shares;
    canvas.setAttribute("aria-label", `Picture ${shown + 1}. ${where.textContent}`);
  };
  about.addEventListener("change", () => {
    color = about.value;
    paint();
  });

  /* what: the cell in words; among: numbers of its pictures; chosen: one of them, or null; given: its answer. */
  const show = ({ what, among, chosen, given, rejected }) => {
    const count = `${among.length} ${among.length === 1 ? "picture" : "pictures"}`;
    if (heading.textContent !== `${what}: ${count}`) heading.textContent = `${what}: ${count}`;
    const wanted = among.map(thumbnail);
    if (wanted.length !== list.children.length || wanted.some((button, place) => button !== list.children[place])) list.replaceChildren(...wanted);
    among.forEach((index) => {
      thumbnail(index).setAttribute("aria-label", `Picture ${index + 1}, ${names[labels[index]]}`);
      thumbnail(index).setAttribute("aria-pressed", String(index === chosen));
    });
    one.hidden = chosen === null;
    if (chosen === null) return;
    const { answer, confidence, probabilities } = given;
    const right = answer === labels[chosen];
    verdict.className = `predictions-verdict ${rejected ? "" : right ? "predictions-is-right" : "predictions-is-wrong"}`;
    const said = rejected ? `I don't know: ${names[answer]}, ${percent(confidence)}, is below the threshold` : `${right ? "✓" : "✗"} ${names[answer]}, ${percent(confidence)}`;
    verdict.textContent = right && !rejected ? said : `${said} (${names[labels[chosen]]})`;
    chances.replaceChildren(bars(names, probabilities, answer));
    if (chosen === shown) return;
    shown = chosen;
    row.replaceChildren(...nearest[chosen].map((place, rank) => {
      const name = names[data.neighbors.labels[place]];
      const caption = `${name}, ${similar[chosen][rank].toFixed(2)}`;
      return captioned(cutOut({ sheet: sheets.neighbors, ...data.neighbors }, place), caption, `Training picture: ${caption}`);
    }));
    const options = [answer, labels[chosen]].filter((label, place, all) => all.indexOf(label) === place);
    about.replaceChildren(...options.map((label) => make("option", { value: String(label) }, names[label])), make("option", { value: "" }, "nothing"));
    about.value = color === "" ? "" : String(answer);
    paint();
  };
  return { element, show };
}
