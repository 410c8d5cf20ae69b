/* What the page says of an answer. */

import assert from "node:assert/strict";
import test from "node:test";

import { activationMap, largest, nearest, percent, placeInWords, verdict } from "../../../book/_static/shared/explain.js";
import { softmax } from "../../../book/_static/shared/softmax.js";
import { Head } from "../../../book/_static/try/heads.js";

const random = (seed) => {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647; // Lehmer's generator
};

test("the shares of all places and the bias add up to the logit of each class", () => {
  const next = random(3);
  const shape = [7, 5, 4];
  const map = Float32Array.from({ length: 7 * 5 * 4 }, next);
  const features = Float32Array.from({ length: 4 }, (_, feature) => {
    let sum = 0;
    for (let place = 0; place < 35; place += 1) sum += map[4 * place + feature];
    return sum / 35;
  });
  const head = new Head({ names: ["a", "b"], weights: Float32Array.from({ length: 8 }, () => next() - 0.5), bias: [0.3, -0.2] });
  head.names.forEach((_, index) => {
    const sum = activationMap(map, shape, head.row(index)).reduce((total, share) => total + share, head.bias[index]);
    assert.ok(Math.abs(sum - head.logits(features)[index]) < 1e-5);
  });
});

test("the nearest picture is the one whose features point the same way, however long they are", () => {
  const values = Float32Array.from([1, 0, 0, /**/ 5, 5, 0, /**/ 0, 0, 2]);
  const found = nearest(Float32Array.from([0.1, 0.1, 0]), { values, count: 3 }, 2);
  assert.deepEqual(found.map(({ row }) => row), [1, 0]);
  assert.ok(Math.abs(found[0].similarity - 1) < 1e-6);
});

test("a picture without any feature is like nothing, and breaks nothing", () => {
  const found = nearest(new Float32Array(2), { values: Float32Array.from([1, 2]), count: 1 }, 1);
  assert.deepEqual(found, [{ row: 0, similarity: 0 }]);
});

test("the place of the largest share is said in words", () => {
  const at = (place) => placeInWords(Float32Array.from({ length: 49 }, (_, index) => Number(index === place)), [7, 7]);
  assert.equal(at(0), "at the upper left");
  assert.equal(at(24), "in the middle");
  assert.equal(at(48), "at the lower right");
  assert.equal(at(3), "at the upper edge");
  assert.equal(at(21), "at the left edge");
});

test("below the threshold the answer is that it does not know", () => {
  const names = ["daisy", "roses"];
  assert.equal(verdict([0.2, 0.8], names, 0.54), "roses, 80 %");
  assert.match(verdict([0.5, 0.5], names, 0.54), /^I don't know\..*54 %/);
  assert.equal(verdict([0.5, 0.5], names, null), "daisy, 50 %");
});

test("what is not quite certain is never called 100 %", () => {
  assert.equal(percent(0.9999), "over 99 %");
  assert.equal(percent(0.0001), "under 1 %");
  assert.equal(percent(1), "100 %");
  assert.equal(percent(0), "0 %");
});

test("the largest numbers come in order", () => {
  assert.deepEqual(largest([1, 5, 3], 2), [1, 2]);
});

test("softmax of large logits does not overflow", () => {
  assert.deepEqual([...softmax([1000, 1000])], [0.5, 0.5]);
});
