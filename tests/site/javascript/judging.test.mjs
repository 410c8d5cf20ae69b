/* The explorer of predictions: thresholds, temperatures, calibration. test_predictions_explorer.py compares with Python. */

import assert from "node:assert/strict";
import test from "node:test";

import { answers, bestTemperature, calibration, judge, neighborOn, wilson } from "../../../book/_static/predictions/judging.js";
import { softmax } from "../../../book/_static/shared/softmax.js";

const close = (one, other, tolerance = 1e-9) => assert.ok(Math.abs(one - other) <= tolerance, `${one} is not ${other}`);
const sure = (answer, confidence) => ({ answer, confidence, probabilities: answer ? [1 - confidence, confidence] : [confidence, 1 - confidence] });

test("a temperature changes how sure an answer is, and never the answer", () => {
  const logits = [[2, 1, -3], [0.1, 0.3, 0.2], [1000, -1000, 0]];
  for (const temperature of [0.1, 0.5, 2, 10]) {
    answers(logits, temperature).forEach(({ answer, probabilities }, index) => {
      assert.equal(answer, answers(logits)[index].answer);
      close(probabilities.reduce((sum, one) => sum + one), 1);
    });
  }
  assert.ok(softmax([2, 1], 4)[0] < softmax([2, 1])[0]);
  assert.deepEqual(softmax([3, 3], 0.25), [0.5, 0.5]);
});

test("with a threshold, unsure answers leave the precision and count against the recall", () => {
  const given = [sure(0, 0.9), sure(1, 0.6), sure(1, 0.8), sure(1, 0.95)];
  const labels = [0, 0, 1, 1];
  const before = judge(labels, given, 2);
  assert.deepEqual([before.recall, before.precision, before.rejected], [[0.5, 1], [1, 2 / 3], 0]);
  const after = judge(labels, given, 2, 0.85);
  assert.deepEqual(after.counts, [[1, 0, 1], [0, 1, 1]]);
  assert.deepEqual([after.recall, after.precision], [[0.5, 0.5], [1, 1]]);
  assert.deepEqual([after.rejected, after.answered, after.right], [2, 2, 2]);
});

test("an answer that is exactly as sure as the threshold is given", () => {
  assert.equal(judge([0], [sure(0, 0.75)], 2, 0.75).rejected, 0);
});

test("a class that is never the answer has no precision, and one without pictures no recall", () => {
  const { precision, recall } = judge([0], [sure(0, 0.9)], 2);
  assert.deepEqual([precision, recall], [[1, null], [1, null]]);
});

test("the calibration error is the mean distance of the bins, weighted by their counts", () => {
  const given = [sure(0, 0.6), sure(0, 0.7), sure(1, 0.9), sure(1, 1)];
  const { bins, ece, loss } = calibration([0, 1, 1, 1], given, [0, 0.8, 1]);
  assert.deepEqual(bins.map(({ count, right }) => [count, right]), [[2, 1], [2, 2]]);
  close(ece, (2 * 0.15 + 2 * 0.05) / 4);
  close(loss, -(Math.log(0.6) + Math.log(0.3) + Math.log(0.9) + Math.log(1)) / 4);
});

test("of a head that is too sure the best temperature is above 1", () => {
  const logits = [[6, 0], [6, 0], [6, 0], [0, 6]];
  assert.equal(bestTemperature([0, 0, 1, 1], logits, [0.5, 1, 2, 4], [0, 1]), 4);
});

test("a share's interval lies around it, and is never longer than from 0 to 1", () => {
  const [low, high] = wilson(9, 10);
  assert.ok(low < 0.9 && 0.9 < high && high < 1);
  assert.ok(wilson(10, 10)[1] <= 1 + 1e-12);
});

test("an arrow leads to the nearest point in its direction, and nowhere where there is none", () => {
  const points = [[0.5, 0.5], [0.6, 0.5], [0.9, 0.5], [0.5, 0.2], [0.7, 0.9]];
  assert.equal(neighborOn(points, 0, [1, 0]), 1);
  assert.equal(neighborOn(points, 1, [1, 0]), 2);
  assert.equal(neighborOn(points, 0, [0, -1]), 3);
  assert.equal(neighborOn(points, 3, [0, -1]), 3);
});
