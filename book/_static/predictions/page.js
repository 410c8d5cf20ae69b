/* The explorer of predictions: a map, a confusion matrix and a calibration curve that move with two sliders. Loaded when
   the reader comes near; from then on, nothing is fetched. */

import { markInText, slider } from "../shared/plot.js";
import { button, make, started } from "../shared/elements.js";
import { percent } from "../shared/explain.js";
import { details } from "./details.js";
import { answers, bestTemperature, calibration, judge } from "./judging.js";
import { cellInWords, matrix } from "./matrix.js";
import { reliability } from "./reliability.js";
import { scatter } from "./scatter.js";

const DATA = new URL("../data/", import.meta.url);
const NEAR = "600px";
const [LOWEST, HIGHEST, STEP] = [-2, 2, 0.05]; // of the temperature's logarithm to base 2
const POWERS = Array.from({ length: Math.round((HIGHEST - LOWEST) / STEP) + 1 }, (_, index) => LOWEST + index * STEP);

async function image(name) {
  const made = new Image();
  made.src = new URL(name, DATA);
  await made.decode();
  return made;
}

async function load() {
  const response = await fetch(new URL("predictions.json", DATA));
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  const [data, pictures, neighbors] = await Promise.all([response.json(), image("predictions.jpg"), image("predictions-training.jpg")]);
  return { data, sheets: { pictures, neighbors } };
}

function explore(box, data, sheets) {
  const { names, labels, logits, edges } = data;
  const state = { threshold: 0, temperature: 1, chosen: null, cell: null };
  const threshold = slider("predictions-threshold", "threshold", { min: 0, max: 0.99, step: 0.01, value: 0 });
  const temperature = slider("predictions-temperature", "temperature", { min: LOWEST, max: HIGHEST, step: STEP, value: 0 });
  const words = make("p", { class: "predictions-words", role: "status", "aria-live": "polite" });
  let given = answers(logits);

  const columnOf = (index) => (given[index].confidence < state.threshold ? names.length : given[index].answer);
  const inCell = ([row, column]) => labels.flatMap((label, index) => (label === row && columnOf(index) === column ? [index] : []));
  const choose = (index) => {
    state.chosen = index;
    state.cell = [labels[index], columnOf(index)];
    show();
  };
  const chooseCell = (row, column) => {
    state.cell = [row, column];
    [state.chosen] = inCell(state.cell);
    show();
  };
  const map = scatter(data, choose);
  const table = matrix(names, chooseCell);
  const curve = reliability();
  const panel = details(data, sheets, choose);

  const say = (index) => {
    const { answer, confidence } = given[index];
    const kind = columnOf(index) === names.length ? "rejected" : answer === labels[index] ? "right" : "wrong";
    const what = kind === "rejected" ? `rejected, most like ${names[answer]}` : kind === "right" ? "recognized" : `taken for ${names[answer]}`;
    return { kind, words: `Picture ${index + 1}: ${names[labels[index]]}, ${what}, ${percent(confidence)}` };
  };
  const show = () => {
    given = answers(logits, state.temperature);
    if (state.chosen !== null) state.cell = [labels[state.chosen], columnOf(state.chosen)];
    const judged = judge(labels, given, names.length, state.threshold);
    const each = labels.map((_, index) => say(index));
    const among = inCell(state.cell);
    threshold.show(state.threshold.toFixed(2));
    temperature.show(state.temperature.toFixed(2));
    const accuracy = judged.answered ? `${((100 * judged.right) / judged.answered).toFixed(1)} % of the answers are right` : "there is no answer left";
    words.textContent = `${judged.answered} of ${labels.length} pictures answered, ${judged.rejected} rejected; ${accuracy}.`;
    map.show({ words: each.map((one) => one.words), kinds: each.map((one) => one.kind), among: new Set(among), chosen: state.chosen });
    table.show(judged, state.cell);
    curve.show(calibration(labels, given, edges));
    panel.show({ what: cellInWords(names, ...state.cell), among, chosen: state.chosen, given: given[state.chosen], rejected: each[state.chosen]?.kind === "rejected" });
  };
  const warm = (power) => {
    state.temperature = 2 ** power;
    temperature.input.value = String(power);
    show();
  };
  threshold.input.addEventListener("input", () => {
    state.threshold = Number(threshold.input.value);
    show();
  });
  temperature.input.addEventListener("input", () => warm(Number(temperature.input.value)));
  const buttons = make("div", { class: "live-row" },
    button("Temperature with the smallest loss", () => warm(POWERS[POWERS.map((power) => 2 ** power).indexOf(bestTemperature(labels, logits, POWERS.map((power) => 2 ** power), edges))]), () => {}),
    button("Back to 1", () => warm(0), () => {}));
  const key = make("p", { class: "plot-key" }, ...names.flatMap((name, label) => [make("span", { class: "predictions-name" }, markInText(label), ` ${name}`), " "]), "· with a red ring: wrong · pale: rejected");
  const title = make("p", { class: "predictions-heading" }, "Calibration at this temperature, all pictures");
  box.append(
    threshold.row, temperature.row, buttons, words, table.element,
    make("div", { class: "predictions-columns" }, make("div", {}, key, map.element), make("div", {}, title, curve.element)),
    panel.element,
  );
  const wrong = labels.map((_, index) => index).filter((index) => given[index].answer !== labels[index]);
  wrong.sort((a, b) => given[b].confidence - given[a].confidence);
  choose(wrong[0] ?? 0); // the surest mistake
  box.dataset.ready = "";
}

async function begin(box) {
  const words = make("p", { role: "status" }, "Loading the pictures …");
  started(box);
  box.append(words);
  try {
    const { data, sheets } = await load();
    words.remove();
    explore(box, data, sheets);
  } catch (error) {
    words.textContent = `The explorer was not loaded (${error.message}). Reload the page to try again; the table below has the same predictions.`;
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    begin(target);
  }
}, { rootMargin: NEAR });
document.querySelectorAll(".predictions").forEach((box) => watcher.observe(box));
