/* The pictures as a map: one mark each, to be clicked or reached with arrow keys. */

import { axes, mark } from "../shared/plot.js";
import { shape } from "../shared/elements.js";
import { neighborOn } from "./judging.js";

const BOX = { width: 420, height: 400, left: 26, right: 12, top: 12, bottom: 28 };
const RANGE = { low: -0.03, high: 1.03, ticks: [] };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/* at: places in [0, 1]; labels: classes; choose(index) is called for a picture that is chosen.
   Returns {element, show}; show takes what is to be said of each picture, and which are in the cell that is looked at. */
export function scatter({ at, labels }, choose) {
  const help = "Arrow keys move from picture to picture, Enter shows one.";
  const svg = shape("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "group", class: "plot predictions-map", "aria-label": `Map of the pictures. ${help}` });
  const scale = axes(svg, BOX, { ...RANGE, label: "first component" }, { ...RANGE, label: "second component" });
  let current = 0;
  const points = at.map(([x, y], index) => {
    const ring = shape("circle", { cx: scale.x(x).toFixed(1), cy: scale.y(y).toFixed(1), r: 8.5, class: "predictions-ring" });
    const point = shape("g", { role: "button", tabindex: index ? "-1" : "0", class: "predictions-point" }, ring, mark(labels[index], scale.x(x), scale.y(y), 5));
    point.addEventListener("click", () => {
      stand(index);
      choose(index);
    });
    svg.append(point);
    return point;
  });
  const stand = (index) => {
    points[current].setAttribute("tabindex", "-1");
    points[index].setAttribute("tabindex", "0");
    current = index;
  };
  svg.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (way) {
      stand(neighborOn(at, current, way));
      points[current].focus();
    } else if (event.key === "Enter" || event.key === " ") {
      choose(current);
    } else {
      return;
    }
    event.preventDefault();
  });
  const show = ({ words, kinds, among, chosen }) => {
    points.forEach((point, index) => {
      point.setAttribute("aria-label", words[index]);
      point.setAttribute("aria-pressed", String(index === chosen));
      point.dataset.kind = kinds[index];
      point.toggleAttribute("data-among", among.has(index));
    });
    if (current !== chosen && chosen !== null && !svg.contains(document.activeElement)) stand(chosen);
  };
  return { element: svg, show };
}
