/* The calibration curve: confidence against the share of right answers, with 95 % intervals. */

import { axes, line } from "../shared/plot.js";
import { make, shape } from "../shared/elements.js";
import { wilson } from "./judging.js";

const BOX = { width: 420, height: 320, left: 46, right: 14, top: 10, bottom: 42 };
const UNIT = { low: 0, high: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
const FEWEST = 5; // pictures of a bin that is drawn, as in the lesson's figure

/* Returns {element, show}; show takes what calibration() gives. */
export function reliability() {
  const svg = shape("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", class: "plot" });
  const words = make("p", { class: "predictions-words" });
  const show = ({ bins, ece, loss }) => {
    svg.replaceChildren();
    const scale = axes(svg, BOX, { ...UNIT, label: "confidence" }, { ...UNIT, label: "share of right answers" });
    const place = (x, y) => [scale.x(x), scale.y(y)];
    svg.append(line([place(0, 0), place(1, 1)], "predictions-calibrated"));
    const drawn = bins.filter(({ count }) => count >= FEWEST);
    if (drawn.length) svg.append(line(drawn.map(({ confidence, accuracy }) => place(confidence, accuracy)), "predictions-curve"));
    for (const { confidence, accuracy, count, right } of drawn) {
      svg.append(line(wilson(right, count).map((end) => place(confidence, end)), "predictions-interval"));
      svg.append(shape("circle", { cx: scale.x(confidence), cy: scale.y(accuracy), r: 5, class: "predictions-bin" }));
    }
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    const mean = (key) => bins.reduce((sum, bin) => sum + bin.count * bin[key], 0) / total;
    words.textContent = `Mean confidence ${mean("confidence").toFixed(3)}, accuracy ${mean("accuracy").toFixed(3)}, expected calibration error ${ece.toFixed(3)}, loss ${loss.toFixed(3)}.`;
    const each = drawn.map(({ confidence, accuracy, count }) => `${count} ${count === 1 ? "picture" : "pictures"} with confidence ${confidence.toFixed(2)}: ${accuracy.toFixed(2)} right`);
    svg.setAttribute("aria-label", `Calibration curve. ${each.join("; ")}.`);
  };
  return { element: make("div", {}, svg, words), show };
}
