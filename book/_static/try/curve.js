/* The learning curve of a head that is being trained, drawn after each step. */

import { make, shape } from "../shared/elements.js";
import { axes, inPixels, line } from "../shared/plot.js";

const BOX = { height: 240, left: 46, right: 12, top: 12, bottom: 42 };
const LEAST = 0.1; // the loss that the axis reaches at least

/* Make a curve: {element, draw}; draw takes what train() has yielded so far, and the number of steps to come in all. */
export function curvePart() {
  const svg = shape("svg", { role: "img", class: "plot live-curve", "aria-label": "Learning curve" });
  const key = make("p", { class: "plot-curves-key", "aria-hidden": "true" },
    make("span", { class: "plot-of-training" }, "— training pictures"), " ", make("span", { class: "plot-of-held" }, "- - pictures held back"));
  const element = make("div", {}, svg, key);
  element.hidden = true;
  const draw = (seen, steps) => {
    element.hidden = false;
    const training = seen.map((one) => one.training.loss);
    const held = seen.filter((one) => one.held).map((one) => one.held.loss);
    key.lastChild.hidden = !held.length;
    const high = Math.max(...training, ...held, LEAST);
    const scale = axes(svg, { ...BOX, width: inPixels(svg, BOX.height) }, { low: 0, high: steps, label: "step" }, { low: 0, high, label: "loss" });
    const points = (losses) => losses.map((loss, step) => [scale.x(step), scale.y(loss)]);
    svg.append(line(points(training), "plot-training"));
    if (held.length) svg.append(line(points(held), "plot-held"));
    const end = held.length ? `, on those held back ${held.at(-1).toFixed(2)}` : "";
    svg.setAttribute("aria-label", `Learning curve: after ${seen.length - 1} steps the loss on training pictures is ${training.at(-1).toFixed(2)}${end}.`);
  };
  return { element, draw };
}
