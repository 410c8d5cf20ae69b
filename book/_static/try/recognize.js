/* The first part of the page: a picture comes in, and the answer comes out with its reasons. */

import { cameraPart, hasCamera } from "./camera.js";
import { bars, captioned, cutOut, drawMap } from "../shared/drawing.js";
import { make, messages } from "../shared/elements.js";
import { activationMap, largest, nearest, placeInWords, verdict } from "../shared/explain.js";
import { pictureField, takePasted } from "./intake.js";
import { toPixels } from "./pixels.js";

const NEAREST = 3;

/* Where the course's head comes from, and what was measured of it. */
function provenance({ about, neighbors }) {
  const { measured, dataset, backbone, weights, trained } = about;
  const lines = [`${backbone} (weights: ${weights}) with a head trained on ${dataset}. `];
  if (!trained) lines.push("The backbone's weights are untrained, so the answers mean nothing. ");
  if (trained && measured["test pictures"]) {
    lines.push(`On ${measured["test pictures"]} test pictures it is right ${measured.right} times; `);
    lines.push(`with the threshold ${about.threshold.toFixed(2)} it answers ${measured.answered} times, and is right ${measured["answered and right"]} times. `);
  }
  if (dataset === "mini_flowers") lines.push("These pictures are drawings: photographs are strangers to this head, so expect mistakes. ");
  lines.push(`The nearest pictures are searched among ${neighbors.count} training pictures.`);
  return lines.join("");
}

const OWN = "Your own head, on the same backbone. It always answers with one of its classes: nobody has measured a threshold for it, nor how often it is right.";

function exampleRow({ about, examples }, take) {
  const buttons = examples.labels.map((label, index) => {
    const name = about.names[label];
    const title = `Test picture ${index + 1}, labeled ${name}`;
    const button = make("button", { type: "button", class: "live-example", "aria-label": title, title }, cutOut(examples, index));
    button.addEventListener("click", () => take(cutOut(examples, index), name));
    return button;
  });
  return make("div", {}, make("p", { class: "live-label" }, "or take one of the course's test pictures, which the network has not learned from:"),
    make("div", { class: "live-row" }, ...buttons));
}

/* The map with the choice of the class that it is for. */
function mapPart(picture, answer, head, best) {
  const canvas = make("canvas", { class: "live-picture", role: "img" });
  const words = make("p", { class: "live-words" });
  const names = head.names.map((name, index) => make("option", { value: index }, name));
  const select = make("select", { id: "live-map-of" }, ...names, make("option", { value: -1 }, "nothing: the picture alone"));
  select.value = best;
  const logits = head.logits(answer.features);
  const show = () => {
    const chosen = Number(select.value);
    const shares = chosen < 0 ? null : activationMap(answer.map, answer.shape, head.row(chosen));
    drawMap(canvas, picture, shares, answer.shape);
    key.hidden = !shares;
    words.textContent = shares
      ? `What speaks most for “${head.names[chosen]}” is ${placeInWords(shares, answer.shape)} of the picture. The ${shares.length} places and the bias add up to its logit, ${logits[chosen].toFixed(2)}.`
      : "The picture, as it was read.";
    canvas.setAttribute("aria-label", `Your picture. ${words.textContent}`);
  };
  const label = make("label", { for: select.id }, "Color what speaks for ");
  const key = make("p", { class: "live-key" }, make("span", { class: "live-for" }, "■ for"), " ", make("span", { class: "live-against" }, "■ against"));
  select.addEventListener("change", show);
  show();
  return make("div", { class: "live-map" }, canvas, make("p", {}, label, select), key, words);
}

function nearestPart(features, { names, neighbors }) {
  const found = nearest(features, neighbors, NEAREST).map(({ row, similarity }) => {
    const name = names[neighbors.labels[row]];
    return captioned(neighbors.picture(row), `${name}, ${similarity.toFixed(2)}`, `A training picture of ${name}`);
  });
  return make("div", { class: "live-nearest" }, make("h3", {}, "Most like it among the training pictures"),
    make("div", { class: "live-row" }, ...found));
}

/* Make the part.

   loaded: what load() gave; current: a function that returns the head in use, as {head, own, neighbors: {values, count,
   labels, picture} or null}. Returns {element, answerAgain}, the latter for when another head is in use. */
export function recognizePart(loaded, current) {
  const { network } = loaded;
  const { elements, say, complain } = messages();
  const result = make("div", { class: "live-result" });
  const origin = make("p", { class: "live-provenance" }, provenance(loaded));
  let last = null;

  const explain = () => {
    const { head, neighbors, own } = current();
    origin.textContent = own ? OWN : provenance(loaded);
    if (!last) return;
    const { picture, label, answer, milliseconds } = last;
    const probabilities = head.probabilities(answer.features);
    const [best] = largest(probabilities, 1);
    const unsure = head.threshold !== null && probabilities[best] < head.threshold;
    const right = make("div", { class: "live-reasons" }, make("h3", {}, "Probabilities"), bars(head.names, probabilities, unsure ? -1 : best));
    if (neighbors) right.append(nearestPart(answer.features, { names: head.names, neighbors }));
    right.append(make("p", { class: "live-time" }, `Answered on this device in ${milliseconds} ms. The picture was sent nowhere.`));
    result.replaceChildren(make("div", { class: "live-columns" }, mapPart(picture, answer, head, best), right));
    result.dataset.probabilities = JSON.stringify([...probabilities]);
    const said = verdict(probabilities, head.names, head.threshold);
    say(label ? `${said.replace(/\.$/, "")}. Its label says ${label}.` : said);
  };

  const take = async (picture, label = null) => {
    say("Looking …");
    const pixels = toPixels(picture, network.size);
    const started = performance.now();
    const answer = await network.answer(pixels);
    last = { picture, label, answer, milliseconds: Math.round(performance.now() - started) };
    explain();
  };

  const taken = (picture) => take(picture);
  const sources = [pictureField({ label: "Choose a picture, drop one here, or paste one", take: taken, complain })];
  takePasted(taken, complain);
  if (hasCamera()) {
    const { start, view } = cameraPart(taken, complain);
    sources.push(start, view);
  }
  const element = make("section", { "aria-labelledby": "live-recognize" }, make("h2", { id: "live-recognize", tabindex: "-1" }, "Show it a picture"),
    origin, ...sources, exampleRow(loaded, take), ...elements, result);
  return { element, answerAgain: explain };
}
