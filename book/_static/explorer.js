/* The learning-curve explorer: three sliders over runs that the page holds as JSON. Nothing is fetched or stored. */
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const BOX = { height: 300, left: 52, right: 14, top: 14, bottom: 40 }; // in pixels; as wide as the column

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

function shape(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

function slider(id, label, last, start) {
  const row = element("div", { class: "explorer-row" });
  const name = element("label", { for: id }, label);
  const range = element("input", { id, type: "range", min: 0, max: last, step: 1, value: start });
  const shown = element("span", { class: "explorer-value", "aria-hidden": "true" }); // the slider itself says it: aria-valuetext
  row.append(name, range, shown);
  return { row, range, shown };
}

/* Ticks at round numbers that cover [0, high]. */
function ticks(high) {
  const rough = high / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const count = Math.floor(high / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function path(values, x, y) {
  return values.map((value, index) => `${index ? "L" : "M"}${x(index + 1).toFixed(1)},${y(value).toFixed(1)}`).join("");
}

function drawCurve(svg, values, x, y, kind) {
  svg.append(shape("path", { d: path(values, x, y), class: `explorer-line explorer-${kind}` }));
  const every = Math.max(1, Math.round(values.length / 10));
  values.forEach((value, index) => {
    if (index % every && index !== values.length - 1) return;
    const [cx, cy] = [x(index + 1), y(value)];
    svg.append(kind === "training"
      ? shape("circle", { cx, cy, r: 4, class: `explorer-mark explorer-${kind}` })
      : shape("rect", { x: cx - 4, y: cy - 4, width: 8, height: 8, class: `explorer-mark explorer-${kind}` }));
  });
}

function drawFrame(svg, width, epochs, high, x, y, label) {
  ticks(high).forEach((value) => {
    svg.append(shape("line", { x1: BOX.left, x2: width - BOX.right, y1: y(value), y2: y(value), class: "explorer-grid" }));
    svg.append(shape("text", { x: BOX.left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  });
  const step = Math.max(1, Math.ceil(epochs / (width < 480 ? 5 : 8)));
  for (let epoch = 1; epoch <= epochs; epoch += step) {
    svg.append(shape("text", { x: x(epoch), y: BOX.height - 20, "text-anchor": "middle" }, String(epoch)));
  }
  svg.append(shape("text", { x: (BOX.left + width) / 2, y: BOX.height - 3, "text-anchor": "middle" }, "epoch"));
  svg.append(shape("text", { x: 14, y: BOX.height / 2, transform: `rotate(-90 14 ${BOX.height / 2})`, "text-anchor": "middle" }, label));
}

function percent(value) {
  return `${Math.round(100 * value)} %`;
}

function inWords(run, epochs) {
  const at = (key) => run[key][epochs - 1];
  const best = run.val_loss.slice(0, epochs).reduce((low, loss, index, all) => (loss < all[low] ? index : low), 0) + 1;
  return `After ${epochs} ${epochs === 1 ? "epoch" : "epochs"}: training loss ${at("loss").toFixed(2)}, accuracy ${percent(at("accuracy"))}; ` +
    `validation loss ${at("val_loss").toFixed(2)}, accuracy ${percent(at("val_accuracy"))}. ` +
    `The validation loss was lowest in epoch ${best}.`;
}

function draw(svg, run, epochs, measure) {
  const width = Math.max(240, Math.round(svg.getBoundingClientRect().width)); // drawn in pixels: text keeps its size
  svg.setAttribute("viewBox", `0 0 ${width} ${BOX.height}`);
  svg.replaceChildren();
  const [training, validation] = [measure, `val_${measure}`].map((key) => run[key].slice(0, epochs));
  const highest = Math.max(...training, ...validation);
  const high = measure === "accuracy" ? 1 : Math.max(0.1, highest * 1.05);
  const x = (epoch) => BOX.left + 10 + ((epoch - 1) / Math.max(1, epochs - 1)) * (width - BOX.left - BOX.right - 20);
  const y = (value) => BOX.top + (1 - value / high) * (BOX.height - BOX.top - BOX.bottom);
  drawFrame(svg, width, epochs, high, x, y, measure);
  drawCurve(svg, training, x, y, "training");
  drawCurve(svg, validation, x, y, "validation");
}

function choice(id, name, label, checked) {
  const made = element("span", { class: "explorer-choice" });
  const input = element("input", { type: "radio", id, name, value: label });
  input.checked = checked;
  made.append(input, element("label", { for: id }, label));
  return { made, input };
}

function prepareExplorer(box, number) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const id = (name) => `explorer-${number}-${name}`;
  const size = slider(id("size"), "training pictures", data.sizes.length - 1, data.sizes.length - 1);
  const rate = slider(id("rate"), "learning rate", data.rates.length - 1, 2);
  const epochs = slider(id("epochs"), "epochs", data.epochs - 1, data.epochs - 1);
  const group = element("fieldset", { class: "explorer-measure" });
  group.append(element("legend", {}, "show"));
  const measures = ["loss", "accuracy"].map((name, index) => choice(id(name), id("measure"), name, index === 0));
  measures.forEach(({ made }) => group.append(made));
  const svg = shape("svg", { role: "img" });
  const legend = element("p", { class: "explorer-legend", "aria-hidden": "true" });
  legend.append(element("span", { class: "explorer-key explorer-key-training" }, "● training"),
    element("span", { class: "explorer-key explorer-key-validation" }, "■ validation"));
  const words = element("p", { class: "explorer-words", role: "status", "aria-live": "polite" });
  box.append(element("p", { class: "explorer-title" }, box.dataset.title), size.row, rate.row, epochs.row, group, legend, svg, words);

  const show = () => {
    const [pictures, speed, count] = [data.sizes[size.range.value], data.rates[rate.range.value], Number(epochs.range.value) + 1];
    const run = data.runs[`${size.range.value}/${rate.range.value}`];
    const measure = measures.find(({ input }) => input.checked).input.value;
    [[size, pictures.toLocaleString("en")], [rate, String(speed)], [epochs, String(count)]].forEach(([one, text]) => {
      one.shown.textContent = text;
      one.range.setAttribute("aria-valuetext", text);
    });
    draw(svg, run, count, measure);
    words.textContent = inWords(run, count);
    svg.setAttribute("aria-label", `Curves of training and validation ${measure}. ${words.textContent}`);
  };
  box.addEventListener("input", show);
  show();
  window.addEventListener("resize", show);
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".explorer").forEach(prepareExplorer));
