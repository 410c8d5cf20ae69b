/* The learning curve of a head that is being trained, drawn after each step. */

import { make, shape } from "./elements.js";

const BOX = { width: 480, height: 220, left: 46, right: 12, top: 12, bottom: 40 };

function path(values, x, y) {
  return values.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)},${y(value).toFixed(1)}`).join("");
}

function frame(svg, steps, high, x, y) {
  for (const share of [0, 0.5, 1]) {
    const value = share * high;
    svg.append(shape("line", { x1: BOX.left, x2: BOX.width - BOX.right, y1: y(value), y2: y(value), class: "live-grid" }));
    svg.append(shape("text", { x: BOX.left - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
    const step = Math.round(share * steps);
    svg.append(shape("text", { x: x(step), y: BOX.height - 20, "text-anchor": share === 1 ? "end" : "middle" }, String(step)));
  }
  svg.append(shape("text", { x: (BOX.left + BOX.width) / 2, y: BOX.height - 3, "text-anchor": "middle" }, "step"));
  const middle = BOX.height / 2;
  svg.append(shape("text", { x: 12, y: middle, transform: `rotate(-90 12 ${middle})`, "text-anchor": "middle" }, "loss"));
}

/* Make a curve: {element, draw}; draw takes what train() has yielded so far, and the number of steps to come in all. */
export function curvePart() {
  const svg = shape("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", class: "live-curve", "aria-label": "Learning curve" });
  const key = make("p", { class: "live-key", "aria-hidden": "true" },
    make("span", { class: "live-training" }, "— training pictures"), make("span", { class: "live-held" }, "- - pictures held back"));
  const element = make("div", {}, svg, key);
  element.hidden = true;
  const draw = (seen, steps) => {
    element.hidden = false;
    const held = seen.filter((one) => one.held).map((one) => one.held.loss);
    key.lastChild.hidden = !held.length;
    const training = seen.map((one) => one.training.loss);
    const high = Math.max(...training, ...held, 0.1);
    const x = (step) => BOX.left + (step / steps) * (BOX.width - BOX.left - BOX.right);
    const y = (loss) => BOX.top + (1 - loss / high) * (BOX.height - BOX.top - BOX.bottom);
    svg.replaceChildren();
    frame(svg, steps, high, x, y);
    svg.append(shape("path", { d: path(training, x, y), class: "live-line live-line-training" }));
    if (held.length) svg.append(shape("path", { d: path(held, x, y), class: "live-line live-line-held" }));
    const end = held.length ? `, on those held back ${held.at(-1).toFixed(2)}` : "";
    svg.setAttribute("aria-label", `Learning curve: after ${seen.length - 1} steps the loss on training pictures is ${training.at(-1).toFixed(2)}${end}.`);
  };
  return { element, draw };
}
