/* Two features, two classes, one dense layer: its loss, its gradient, and the line on which it is undecided.

   parameters: {weights: [[a, b], [c, d]], biases: [e, f]}, a row for each feature, a column for each class, as in the
   lesson's NumPy. data: {points: [[x, y], ...], labels: [0 or 1, ...]}. Numbers only; nothing here knows of a page. */

export const ZERO = { weights: [[0, 0], [0, 0]], biases: [0, 0] };

/* The lead of the second class over the first: slope in each direction, and constant. It is 0 on the line. */
export function lead({ weights, biases }) {
  return { slope: weights.map(([first, second]) => second - first), constant: biases[1] - biases[0] };
}

function leadAt({ slope, constant }, [x, y]) {
  return slope[0] * x + slope[1] * y + constant;
}

/* Mean of -log(probability of the right class). Computed from logits, so that nothing overflows. */
export function loss({ points, labels }, parameters) {
  const border = lead(parameters);
  const sum = points.reduce((total, point, index) => {
    const margin = leadAt(border, point) * (labels[index] ? 1 : -1);
    return total + Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
  }, 0);
  return sum / points.length;
}

/* The share of points whose class has the larger logit; where both are equal, the first class is the answer. */
export function accuracy({ points, labels }, parameters) {
  const border = lead(parameters);
  return points.filter((point, index) => (leadAt(border, point) > 0 ? 1 : 0) === labels[index]).length / points.length;
}

/* The slopes of the loss, in the shape of the parameters: what was said minus what should have been, times the input. */
export function gradient({ points, labels }, parameters) {
  const border = lead(parameters);
  const toWeights = [[0, 0], [0, 0]];
  const toBiases = [0, 0];
  points.forEach((point, index) => {
    const second = 1 / (1 + Math.exp(-leadAt(border, point)));
    const error = (second - labels[index]) / points.length; // of the second class; that of the first is its negative
    [-error, error].forEach((one, output) => {
      point.forEach((value, feature) => (toWeights[feature][output] += one * value));
      toBiases[output] += one;
    });
  });
  return { weights: toWeights, biases: toBiases };
}

/* The parameters after one step against the slope. */
export function step(data, parameters, rate) {
  const slopes = gradient(data, parameters);
  return {
    weights: parameters.weights.map((row, feature) => row.map((value, output) => value - rate * slopes.weights[feature][output])),
    biases: parameters.biases.map((value, output) => value - rate * slopes.biases[output]),
  };
}

/* The parameters whose line runs through two different points; the second class lies to the left of the way from the
   first to the second point. steepness: how fast the lead grows with the distance from the line; 0 knows nothing. */
export function through([ax, ay], [bx, by], steepness) {
  const length = Math.hypot(bx - ax, by - ay);
  const slope = [(-(by - ay) / length) * steepness, ((bx - ax) / length) * steepness];
  const constant = -(slope[0] * ax + slope[1] * ay);
  return { weights: slope.map((one) => [-one / 2, one / 2]), biases: [-constant / 2, constant / 2] };
}

/* How fast the lead grows with the distance from the line. */
export function steepness(parameters) {
  return Math.hypot(...lead(parameters).slope);
}

/* The corners of that part of the square from 0 to 1 in which the second class leads. */
export function side(parameters) {
  const border = lead(parameters);
  const corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
  return corners.flatMap((corner, index) => {
    const next = corners[(index + 1) % 4];
    const [here, there] = [leadAt(border, corner), leadAt(border, next)];
    const kept = here > 0 ? [corner] : [];
    if (here * there >= 0) return kept;
    const share = here / (here - there);
    return [...kept, corner.map((value, axis) => value + share * (next[axis] - value))];
  });
}

/* The two ends of the line inside the square, so that the second class lies to the left; null where it runs outside. */
export function ends(parameters) {
  const border = lead(parameters);
  const size = steepness(parameters);
  const found = side(parameters).filter((point) => Math.abs(leadAt(border, point)) <= 1e-9 * size);
  if (found.length !== 2) return null;
  const [[ax, ay], [bx, by]] = found;
  const left = -(by - ay) * border.slope[0] + (bx - ax) * border.slope[1] > 0;
  return left ? found : found.reverse();
}
