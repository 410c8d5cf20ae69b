/* The head by hand: a line that the reader drags, its loss, and steps of gradient descent. */

import { axes, line, mark, markInText, pointed, slider } from "../shared/plot.js";
import { button, make, shape, started } from "../shared/elements.js";
import { accuracy, ends, loss, side, step, steepness, through, ZERO } from "./descent.js";

const BOX = { width: 400, height: 380, left: 46, right: 12, top: 10, bottom: 42 };
const CURVE = { width: 400, height: 230, left: 46, right: 12, top: 10, bottom: 42 };
const UNIT = { low: 0, high: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
const FIRST_LINE = [[0.15, 0.6], [0.85, 0.6]];
const STEEPEST = 60;
const STEP = 0.02; // of a handle at a press of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const MANY = 20;

const inside = (value) => Math.min(1, Math.max(0, value));
const between = ([ax, ay], [bx, by], share) => [ax + share * (bx - ax), ay + share * (by - ay)];
const rounded = (value) => (value < 10 ? value.toFixed(3) : value.toFixed(1));

/* The drawing with its points and two handles; moved(index, point) is called when a handle is moved by its reader. */
function drawing({ points, labels, features, kinds }, moved) {
  const svg = shape("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "group", class: "plot", "aria-label": `Pictures of ${kinds.join(" and ")} by ${features.join(" and ")}, and the line on which the network is undecided` });
  const ground = shape("g");
  svg.append(ground);
  const scale = axes(svg, BOX, { ...UNIT, label: features[0] }, { ...UNIT, label: features[1] });
  const value = ([x, y]) => [
    (x - BOX.left) / (BOX.width - BOX.left - BOX.right),
    (BOX.height - BOX.bottom - y) / (BOX.height - BOX.top - BOX.bottom),
  ].map(inside);
  points.forEach(([x, y], index) => svg.append(mark(labels[index], scale.x(x), scale.y(y), 4)));
  const border = shape("g");
  svg.append(border);
  const handles = [0, 1].map((index) => {
    const handle = shape("circle", { r: 11, tabindex: "0", role: "slider", class: "by-hand-handle", "aria-valuemin": "0", "aria-valuemax": "1", "aria-label": `${index ? "second" : "first"} handle of the line` });
    let place = [0, 0];
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      event.preventDefault();
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) moved(index, value(pointed(svg, event)));
    });
    handle.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (!way) return;
      event.preventDefault();
      moved(index, place.map((one, axis) => inside(one + STEP * way[axis])));
    });
    svg.append(handle);
    return (where) => {
      handle.toggleAttribute("hidden", !where);
      if (!where) return;
      place = where;
      handle.setAttribute("cx", scale.x(where[0]));
      handle.setAttribute("cy", scale.y(where[1]));
      handle.setAttribute("aria-valuenow", where[1].toFixed(2));
      handle.setAttribute("aria-valuetext", features.map((name, axis) => `${name} ${where[axis].toFixed(2)}`).join(", "));
    };
  });
  const place = ([x, y]) => [scale.x(x), scale.y(y)];
  const show = (parameters, where) => {
    ground.replaceChildren(shape("polygon", { points: side(parameters).map((corner) => place(corner).join(",")).join(" "), class: "by-hand-side" }));
    const found = ends(parameters);
    border.replaceChildren(...(found ? [line(found.map(place), "by-hand-border")] : []));
    handles.forEach((move, index) => move(where?.[index]));
  };
  return { svg, show };
}

/* The loss after each step since the line was last moved by hand. */
function drawLosses(svg, losses) {
  svg.replaceChildren();
  const steps = Math.max(10, losses.length - 1);
  const high = Math.max(0.8, 1.05 * Math.max(...losses));
  const scale = axes(svg, CURVE, { low: 0, high: steps, label: "step" }, { low: 0, high, label: "loss" });
  svg.append(line([[scale.x(0), scale.y(Math.LN2)], [scale.x(steps), scale.y(Math.LN2)]], "by-hand-half"));
  svg.append(line(losses.map((value, index) => [scale.x(index), scale.y(value)]), "by-hand-losses"));
  svg.append(shape("circle", { cx: scale.x(losses.length - 1), cy: scale.y(losses.at(-1)), r: 4, class: "by-hand-now" }));
  svg.setAttribute("aria-label", `Loss over ${losses.length - 1} steps: from ${rounded(losses[0])} to ${rounded(losses.at(-1))}.`);
}

function changeInWords(losses, steps) {
  if (!steps) return "";
  const change = losses.at(-1) - losses.at(-1 - steps);
  const what = steps === 1 ? "The step" : `The ${steps} steps`;
  if (Math.abs(change) < 5e-7) return ` ${what} changed the loss by less than a millionth.`;
  const size = Math.abs(change) < 0.0005 ? Math.abs(change).toExponential(1) : rounded(Math.abs(change));
  return ` ${what} made the loss ${change < 0 ? "smaller" : "larger"} by ${size}.`;
}

function start(box) {
  const { x, y, kinds, features, rates } = JSON.parse(box.querySelector("script").textContent);
  const data = { points: x, labels: y };
  let [parameters, handles, losses] = [null, null, []];
  const steep = slider("by-hand-steep", "steepness", { min: 0.5, max: STEEPEST, step: 0.5, value: 6 });
  const rate = slider("by-hand-rate", "learning rate", { min: 0, max: rates.length - 1, step: 1, value: rates.indexOf(1) });
  const words = make("p", { class: "by-hand-words", role: "status", "aria-live": "polite" });
  const number = make("p", { class: "by-hand-loss" });
  const curve = shape("svg", { viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: "img", class: "plot" });

  const show = (steps = 0) => {
    picture.show(parameters, handles);
    drawLosses(curve, losses);
    number.textContent = `loss ${rounded(losses.at(-1))}`;
    const right = `${(100 * accuracy(data, parameters)).toFixed(1)} % of ${y.length} pictures right`;
    const where = ends(parameters) ? "" : " There is no line in the drawing.";
    const done = losses.length - 1;
    const count = `${done} ${done === 1 ? "step" : "steps"}`;
    words.textContent = `After ${count}: loss ${rounded(losses.at(-1))}, ${right}.${changeInWords(losses, steps)}${where}`;
    const size = steepness(parameters);
    steep.input.value = String(size);
    steep.show(size.toFixed(1));
    rate.show(String(rates[rate.input.value]));
    box.dataset.parameters = JSON.stringify({ ...parameters, loss: losses.at(-1) });
  };
  const byHand = (points, size) => {
    handles = points;
    parameters = through(...points, size);
    losses = [loss(data, parameters)];
    show();
  };
  const picture = drawing({ points: x, labels: y, features, kinds }, (index, point) => {
    const points = handles.map((one, other) => (other === index ? point : one));
    const [[ax, ay], [bx, by]] = points;
    if (Math.hypot(bx - ax, by - ay) > STEP / 2) byHand(points, Math.min(STEEPEST, steepness(parameters)));
  });
  const descend = (count) => {
    for (let done = 0; done < count; done += 1) {
      parameters = step(data, parameters, rates[rate.input.value]);
      losses.push(loss(data, parameters));
    }
    const found = ends(parameters);
    handles = found && [0.15, 0.85].map((share) => between(...found, share));
    show(count);
  };
  steep.input.addEventListener("input", () => {
    const size = Number(steep.input.value);
    byHand(handles ?? FIRST_LINE, size);
  });
  rate.input.addEventListener("input", () => rate.show(String(rates[rate.input.value])));

  const tell = (error) => (words.textContent = error.message);
  const buttons = make("div", { class: "live-row" },
    button("One step", () => descend(1), tell),
    button(`${MANY} steps`, () => descend(MANY), tell),
    button("Weights of zero", () => {
      [parameters, handles, losses] = [ZERO, null, [loss(data, ZERO)]];
      show();
    }, tell),
    button("A line to drag", () => byHand(FIRST_LINE, 6), tell));
  const key = make("p", { class: "plot-key" }, ...kinds.flatMap((kind, label) => [markInText(label), ` ${kind} `]), "· shaded: the network says ", kinds[1]);
  const half = make("p", { class: "plot-key" }, "dotted: the loss of saying “one half” to every picture");
  const left = make("div", {}, key, picture.svg);
  const right = make("div", {}, number, curve, half);
  started(box);
  box.append(make("div", { class: "by-hand-columns" }, left, right), steep.row, rate.row, buttons, words);
  byHand(FIRST_LINE, 6);
}

document.querySelectorAll(".by-hand").forEach(start);
