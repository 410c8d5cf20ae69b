/* The head by hand: the line, the loss and the gradient. That they agree with NumPy is tested in test_by_hand.py. */

import assert from "node:assert/strict";
import test from "node:test";

import { accuracy, ends, gradient, lead, loss, side, steepness, step, through, ZERO } from "../../../book/_static/by-hand/descent.js";

const data = { points: [[0.9, 0.1], [0.8, 0.3], [0.2, 0.7], [0.3, 0.9], [0.6, 0.4]], labels: [0, 0, 1, 1, 1] };
const close = (one, other, tolerance = 1e-9) => assert.ok(Math.abs(one - other) <= tolerance, `${one} is not ${other}`);

test("weights of zero say one half, and draw no line", () => {
  close(loss(data, ZERO), Math.LN2);
  assert.equal(ends(ZERO), null);
  assert.deepEqual(side(ZERO), []);
});

test("the gradient is what one finds by trying", () => {
  const parameters = { weights: [[0.3, -1.2], [2, 0.1]], biases: [0.4, -0.7] };
  const tiny = 1e-6;
  const slopes = gradient(data, parameters);
  for (const feature of [0, 1]) {
    for (const output of [0, 1]) {
      const [up, down] = [tiny, -tiny].map((change) => {
        const nudged = structuredClone(parameters);
        nudged.weights[feature][output] += change;
        return loss(data, nudged);
      });
      close((up - down) / (2 * tiny), slopes.weights[feature][output], 1e-7);
    }
  }
});

test("a step with a small rate makes the loss smaller, and leaves the parameters that it was given as they were", () => {
  const before = structuredClone(ZERO);
  assert.ok(loss(data, step(data, ZERO, 0.1)) < Math.LN2);
  assert.deepEqual(ZERO, before);
});

test("on a line that was drawn both classes are equal, and the second is to the left", () => {
  const [a, b] = [[0.1, 0.2], [0.7, 0.9]];
  const parameters = through(a, b, 6);
  const { slope, constant } = lead(parameters);
  for (const [x, y] of [a, b]) close(slope[0] * x + slope[1] * y + constant, 0);
  close(steepness(parameters), 6);
  assert.ok(slope[0] * 0 + slope[1] * 1 + constant > 0); // the upper left corner
});

test("a line keeps its direction when it is read back", () => {
  for (const [a, b] of [[[0.1, 0.2], [0.7, 0.9]], [[0.7, 0.9], [0.1, 0.2]], [[0.5, 0.9], [0.5, 0.1]], [[0.9, 0.4], [0.2, 0.4]]]) {
    const before = through(a, b, 3);
    const after = through(...ends(before), 3);
    lead(before).slope.forEach((value, axis) => close(value, lead(after).slope[axis]));
    close(lead(before).constant, lead(after).constant);
  }
});

test("a line outside of the drawing has no ends", () => {
  assert.equal(ends(through([0, 2], [1, 3], 1)), null);
});

test("the side of the second class is cut at the line", () => {
  const right = side(through([0.5, 1], [0.5, 0], 4)); // downward: its left is the right half
  assert.deepEqual(right.map(([x, y]) => `${x},${y}`).sort(), ["0.5,0", "0.5,1", "1,0", "1,1"]);
});

test("a point on the wrong side costs its distance, however far it is: nothing overflows", () => {
  const far = through([0, 0.5], [1, 0.5], 5000);
  close(loss({ points: [[0.5, 1]], labels: [0] }, far), 2500);
  close(loss({ points: [[0.5, 1]], labels: [1] }, far), 0);
  assert.equal(accuracy(data, through([0, 0], [1, 1], 4)), 0.8); // the last point is below the diagonal
});
