/* Resizing, by numbers that can be checked by hand; tests in the browser compare whole pictures with TensorFlow. */

import assert from "node:assert/strict";
import test from "node:test";

import { resize } from "../../../book/_static/try/pixels.js";

function gray(values, width, height) {
  return { data: Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255])), width, height };
}

const firstColor = (pixels) => [...pixels].filter((_, index) => index % 3 === 0).map((value) => Math.round(255 * value));

test("a picture of the right size stays as it is", () => {
  assert.deepEqual(firstColor(resize(gray([0, 51, 102, 255], 2, 2), 2)), [0, 51, 102, 255]);
});

test("half the size takes the mean of each four", () => {
  assert.deepEqual(firstColor(resize(gray([0, 100, 200, 100], 2, 2), 1)), [100]);
});

test("a larger picture has the old values at its edges and steps between them", () => {
  assert.deepEqual(firstColor(resize(gray([0, 100, 0, 100], 2, 2), 4)).slice(0, 4), [0, 25, 75, 100]);
});

test("a picture that is not square is squeezed, not cut", () => {
  assert.deepEqual(firstColor(resize(gray([10, 10, 90, 90], 4, 1), 2)), [10, 90, 10, 90]);
});
