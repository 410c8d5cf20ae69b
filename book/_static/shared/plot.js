/* What drawings of several pages share: axes with round ticks, and a mark for each class that is known without its color. */

import { make, shape } from "./elements.js";

// Around (0, 0), about as large as a circle of radius 1 looks.
const MARKS = [
  "M1,0A1,1 0 1 1 -1,0A1,1 0 1 1 1,0Z", // circle
  "M-1,-0.62L-0.62,-1L0,-0.38L0.62,-1L1,-0.62L0.38,0L1,0.62L0.62,1L0,0.38L-0.62,1L-1,0.62L-0.38,0Z", // cross
  "M-0.9,-0.9H0.9V0.9H-0.9Z", // square
  "M0,-1.2L1.1,0.8H-1.1Z", // triangle
  "M0,-1.3L1,0L0,1.3L-1,0Z", // diamond
  "M0,1.2L1.1,-0.8H-1.1Z", // triangle on its tip
  "M-0.35,-1.1H0.35V-0.35H1.1V0.35H0.35V1.1H-0.35V0.35H-1.1V-0.35H-0.35Z", // plus
  "M-1.2,-0.4H1.2V0.4H-1.2Z", // bar
];

/* The mark of a class, a number from 0; from the ninth on, shapes and colors begin again. */
export function mark(label, x, y, size, attributes = {}) {
  const kind = label % MARKS.length;
  return shape("path", {
    d: MARKS[kind],
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size})`,
    class: `plot-mark plot-class-${kind}`,
    "vector-effect": "non-scaling-stroke",
    ...attributes,
  });
}

/* The same mark in a line of text, for a key. */
export function markInText(label) {
  const svg = shape("svg", { viewBox: "-1.5 -1.5 3 3", class: "plot-key-mark", "aria-hidden": "true", focusable: "false" });
  svg.append(mark(label, 0, 0, 1));
  return svg;
}

/* Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count = 4) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(6)));
}

/* Empty a drawing and let its units be pixels, so that text keeps its size on a phone; returns its width. */
export function inPixels(svg, height) {
  const width = Math.max(240, Math.round(svg.getBoundingClientRect().width));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  return width;
}

/* Draw axes into an empty drawing, and return where numbers lie on it: {x, y}, two functions.

   box: {width, height, left, right, top, bottom}, the margins being inside; x and y: {low, high, label, ticks}. */
export function axes(svg, box, x, y) {
  const across = (value) => box.left + ((value - x.low) / (x.high - x.low)) * (box.width - box.left - box.right);
  const down = (value) => box.height - box.bottom - ((value - y.low) / (y.high - y.low)) * (box.height - box.top - box.bottom);
  const foot = box.height - box.bottom;
  for (const value of y.ticks ?? ticks(y.low, y.high)) {
    svg.append(shape("line", { x1: box.left, x2: box.width - box.right, y1: down(value), y2: down(value), class: "plot-grid" }));
    svg.append(shape("text", { x: box.left - 6, y: down(value) + 4, "text-anchor": "end" }, String(value)));
  }
  for (const value of x.ticks ?? ticks(x.low, x.high)) {
    svg.append(shape("line", { x1: across(value), x2: across(value), y1: box.top, y2: foot, class: "plot-grid" }));
    svg.append(shape("text", { x: across(value), y: foot + 17, "text-anchor": "middle" }, String(value)));
  }
  const middle = (box.top + foot) / 2;
  svg.append(shape("text", { x: (box.left + box.width - box.right) / 2, y: box.height - 4, "text-anchor": "middle" }, x.label));
  svg.append(shape("text", { x: 12, y: middle, transform: `rotate(-90 12 ${middle})`, "text-anchor": "middle" }, y.label));
  return { x: across, y: down };
}

/* A line through points [[x, y], ...], already in the drawing's units. */
export function line(points, kind) {
  const d = points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
  return shape("path", { d, class: `plot-line ${kind}` });
}

/* Where in a drawing a pointer is, in the drawing's units. */
export function pointed(svg, event) {
  const found = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [found.x, found.y];
}

/* A labeled slider with its value beside it: {row, input, show}; show(text) says the value to eyes and screen readers. */
export function slider(id, label, { min, max, step, value }) {
  const input = make("input", { id, type: "range", min: String(min), max: String(max), step: String(step), value: String(value) });
  const shown = make("span", { class: "plot-value", "aria-hidden": "true" });
  const row = make("div", { class: "plot-slider" }, make("label", { for: id }, label), input, shown);
  const show = (text) => {
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  return { row, input, show };
}
