/* The axes that all drawings share. */

import assert from "node:assert/strict";
import test from "node:test";

import { ticks } from "../../../book/_static/shared/plot.js";

test("ticks are round numbers inside of the range, and about as many as asked for", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(ticks(0, 100), [0, 25, 50, 75, 100]);
  assert.deepEqual(ticks(-0.03, 1.03, 5), [0, 0.25, 0.5, 0.75, 1]);
  for (const [low, high] of [[0, 0.07], [0, 1.61], [0.8, 13.2], [-5, 5], [0, 31234.5]]) {
    const found = ticks(low, high);
    assert.ok(found.length >= 2 && found.length <= 6, `${found}`);
    assert.ok(found.every((value) => value >= low - 1e-9 && value <= high + 1e-9), `${found}`);
    const steps = found.slice(1).map((value, index) => value - found[index]);
    assert.ok(steps.every((step) => Math.abs(step - steps[0]) < 1e-6 * steps[0]), `${found}`);
  }
});
