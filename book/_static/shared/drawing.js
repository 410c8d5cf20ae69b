/* What the page draws: probabilities as bars, a picture with its activation map, small pictures out of a sheet. */

import { percent } from "./explain.js";
import { make } from "./elements.js";

const [FOR, AGAINST] = [[230, 97, 1], [94, 60, 153]]; // orange and purple, told apart by everybody

/* A list of classes with bars; the number stands beside each, so the bar itself is hidden from screen readers. */
export function bars(names, probabilities, best) {
  const items = names.map((name, index) => {
    const filled = make("span", { class: "live-bar-filled", style: `width: ${(100 * probabilities[index]).toFixed(1)}%` });
    return make(
      "li",
      { class: index === best ? "live-best" : null },
      make("span", { class: "live-name" }, name),
      make("span", { class: "live-bar", "aria-hidden": "true" }, filled),
      make("span", { class: "live-number" }, percent(probabilities[index])),
    );
  });
  return make("ul", { class: "live-bars" }, ...items);
}

/* Draw a picture and, above it, where it spoke for a class (orange) and against it (purple). The picture is gray then, so
   that its own colors are not taken for the map's. */
export function drawMap(canvas, picture, shares, [height, width]) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  if (!shares) return;
  const most = Math.max(...shares.map(Math.abs)) || 1;
  const cells = new ImageData(width, height);
  shares.forEach((share, place) => {
    cells.data.set([...(share > 0 ? FOR : AGAINST), (200 * Math.abs(share)) / most], 4 * place);
  });
  const small = document.createElement("canvas");
  [small.width, small.height] = [width, height];
  small.getContext("2d").putImageData(cells, 0, 0);
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "gray";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-over";
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/* Cut one picture out of a sheet of pictures of the same size. */
export function cutOut({ sheet, side, columns }, number) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side, side];
  const [row, column] = [Math.floor(number / columns), number % columns];
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(sheet, column * side, row * side, side, side, 0, 0, side, side);
  return canvas;
}

/* A small picture with a line below it. */
export function captioned(canvas, caption, description) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", description);
  return make("figure", { class: "live-small" }, canvas, make("figcaption", {}, caption));
}
