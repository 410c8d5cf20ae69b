/* Begins when the reader does: until then, nothing but these small modules has been loaded. */

import { cutOut } from "../shared/drawing.js";
import { button, make, messages } from "../shared/elements.js";
import { Head } from "./heads.js";
import { load } from "./loading.js";
import { recognizePart } from "./recognize.js";
import { teachPart } from "./teach.js";

/* Of the three builds of the library, nearly every browser takes the one with SIMD. */
const NOT_LOADED = ["tfjs/tfjs-backend-wasm.wasm", "tfjs/tfjs-backend-wasm-threaded-simd.wasm"];

function megabytes(sizes) {
  return `${(Object.values(sizes).reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB`;
}

/* The head that the course ships, with its training pictures. */
function courseHead({ network, about, neighbors }) {
  const head = new Head({ names: about.names, ...network.head, threshold: about.threshold });
  return { head, own: false, neighbors: { ...neighbors, picture: (row) => cutOut(neighbors, row) } };
}

/* The choice between the course's head and the reader's own, which appears when there is one. */
function headChoice(heads, changed) {
  const choices = ["course", "own"].map((key) => {
    const input = make("input", { type: "radio", name: "live-head", id: `live-head-${key}`, value: key });
    input.addEventListener("change", () => changed(key));
    return { key, input, label: make("label", { for: input.id }) };
  });
  const element = make("fieldset", { class: "live-heads" }, make("legend", {}, "Which head answers"),
    ...choices.map(({ input, label }) => make("p", {}, input, label)));
  const show = (chosen) => {
    element.hidden = !heads.own;
    choices.forEach(({ key, input, label }) => {
      input.checked = key === chosen;
      label.textContent = `${key === "own" ? "yours" : "the course's"}: ${heads[key]?.head.names.join(", ") ?? ""}`;
    });
  };
  show("course");
  return { element, show };
}

function open(place, loaded) {
  const heads = { course: courseHead(loaded), own: null };
  let chosen = "course";
  const recognize = recognizePart(loaded, () => heads[chosen]);
  const choose = (key) => {
    chosen = key;
    choice.show(key);
    recognize.answerAgain();
  };
  const choice = headChoice(heads, choose);
  const teach = teachPart(loaded, (head, neighbors) => {
    heads.own = { head, own: true, neighbors };
    choose("own");
  });
  recognize.element.querySelector("h2").after(choice.element);
  place.replaceChildren(recognize.element, make("hr"), teach);
  place.querySelector("h2").focus();
}

function begin(place) {
  const sizes = JSON.parse(place.dataset.files);
  NOT_LOADED.forEach((path) => delete sizes[path]);
  const { elements, say, complain } = messages();
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Loading", class: "live-progress" });
  bar.hidden = true;
  const start = button(`Begin: load the network (${megabytes(sizes)})`, async () => {
    start.disabled = true;
    bar.hidden = false;
    say("Loading …");
    try {
      open(place, await load(sizes, (share) => { bar.value = share; }));
    } catch (error) {
      start.disabled = false;
      bar.hidden = true;
      say("");
      throw error;
    }
  }, complain, { class: "live-button live-begin" });
  place.replaceChildren(make("p", {}, "Nothing of the network has been loaded yet."), start, bar, ...elements);
}

begin(document.getElementById("live-try"));
