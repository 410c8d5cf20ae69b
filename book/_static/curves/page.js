/* The learning-curve explorer: three sliders over runs that the page holds as JSON. Nothing is fetched or stored. */

import { make, shape, started } from "../shared/elements.js";
import { axes, inPixels, line, slider } from "../shared/plot.js";

const BOX = { height: 300, left: 52, right: 14, top: 14, bottom: 44 }; // in pixels; as wide as the column
const INSET = 10; // pixels between the frame and the first and last epoch
const USUAL_RATE = 0.001;

function percent(value) {
  return `${Math.round(100 * value)} %`;
}

function inWords(run, epochs) {
  const at = (key) => run[key][epochs - 1];
  const losses = run.val_loss.slice(0, epochs);
  const best = losses.indexOf(Math.min(...losses)) + 1;
  return `After ${epochs} ${epochs === 1 ? "epoch" : "epochs"}: training loss ${at("loss").toFixed(2)}, accuracy ${percent(at("accuracy"))}; ` +
    `validation loss ${at("val_loss").toFixed(2)}, accuracy ${percent(at("val_accuracy"))}. ` +
    `The validation loss was lowest in epoch ${best}.`;
}

/* Epochs that get a number below the drawing: the first, and then in equal steps. */
function numbered(epochs, most) {
  const step = Math.max(1, Math.ceil(epochs / most));
  return Array.from({ length: Math.ceil(epochs / step) }, (_, index) => 1 + index * step);
}

function drawCurve(svg, values, scale, kind) {
  const points = values.map((value, index) => [scale.x(index + 1), scale.y(value)]);
  svg.append(line(points, `plot-${kind}`));
  const every = Math.max(1, Math.round(values.length / 10));
  points.filter((_, index) => index % every === 0 || index === values.length - 1).forEach(([cx, cy]) => {
    svg.append(kind === "training"
      ? shape("circle", { cx, cy, r: 4, class: "curves-mark" })
      : shape("rect", { x: cx - 4, y: cy - 4, width: 8, height: 8, class: "curves-mark curves-held" }));
  });
}

function draw(svg, run, epochs, measure) {
  const width = inPixels(svg, BOX.height);
  const [training, validation] = [measure, `val_${measure}`].map((key) => run[key].slice(0, epochs));
  const high = measure === "accuracy" ? 1 : Math.max(0.1, 1.05 * Math.max(...training, ...validation));
  const inset = (INSET * Math.max(1, epochs - 1)) / (width - BOX.left - BOX.right - 2 * INSET); // in epochs
  const x = { low: 1 - inset, high: Math.max(2, epochs) + inset, label: "epoch", ticks: numbered(epochs, width < 480 ? 5 : 8) };
  const scale = axes(svg, { ...BOX, width }, x, { low: 0, high, label: measure });
  drawCurve(svg, training, scale, "training");
  drawCurve(svg, validation, scale, "held");
}

function choice(id, name, label, checked) {
  const input = make("input", { type: "radio", id, name, value: label });
  input.checked = checked;
  return { made: make("span", { class: "curves-choice" }, input, make("label", { for: id }, label)), input };
}

function prepare(box, number) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const id = (name) => `curves-${number}-${name}`;
  const over = (name, label, values, first) => slider(id(name), label, { min: 0, max: values - 1, step: 1, value: first });
  const size = over("size", "training pictures", data.sizes.length, data.sizes.length - 1);
  const rate = over("rate", "learning rate", data.rates.length, data.rates.indexOf(USUAL_RATE));
  const epochs = over("epochs", "epochs", data.epochs, data.epochs - 1);
  const measures = ["loss", "accuracy"].map((name, index) => choice(id(name), id("measure"), name, index === 0));
  const group = make("fieldset", { class: "curves-measure" }, make("legend", {}, "show"), ...measures.map(({ made }) => made));
  const svg = shape("svg", { role: "img", class: "plot curves-plot" });
  const key = make("p", { class: "plot-curves-key", "aria-hidden": "true" },
    make("span", { class: "plot-of-training" }, "● training"), " ", make("span", { class: "plot-of-held" }, "■ validation"));
  const words = make("p", { class: "curves-words", role: "status", "aria-live": "polite" });
  box.append(make("p", { class: "curves-title" }, box.dataset.title), size.row, rate.row, epochs.row, group, key, svg, words);

  const show = () => {
    const [place, speed, count] = [size, rate, epochs].map(({ input }) => Number(input.value));
    const run = data.runs[`${place}/${speed}`];
    const measure = measures.find(({ input }) => input.checked).input.value;
    size.show(data.sizes[place].toLocaleString("en"));
    rate.show(String(data.rates[speed]));
    epochs.show(String(count + 1));
    draw(svg, run, count + 1, measure);
    words.textContent = inWords(run, count + 1);
    svg.setAttribute("aria-label", `Curves of training and validation ${measure}. ${words.textContent}`);
  };
  box.addEventListener("input", show);
  window.addEventListener("resize", show);
  started(box);
  show();
}

document.querySelectorAll(".curves").forEach(prepare);
