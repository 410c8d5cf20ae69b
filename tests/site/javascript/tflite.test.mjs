/* Reading a .tflite file. What is in a real one is tested where the page's answers are compared with TensorFlow's. */

import assert from "node:assert/strict";
import test from "node:test";

import { fromFloat16, readNetwork, widen } from "../../../book/_static/try/tflite.js";

test("numbers of 16 bits become what they stand for", () => {
  const known = { 0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0001: 2 ** -24, 0x3555: 0.333251953125, 0x7c00: Infinity };
  for (const [bits, value] of Object.entries(known)) assert.equal(fromFloat16(Number(bits)), value);
  assert.ok(Number.isNaN(fromFloat16(0x7e00)));
});

test("bytes are read in pairs, the low one first, wherever they begin", () => {
  const bytes = new Uint8Array([9, 0x00, 0x3c, 0x00, 0xc0]).subarray(1);
  assert.deepEqual([...widen(bytes)], [1, -2]);
});

test("what is no .tflite file is refused in words", () => {
  assert.throws(() => readNetwork(new ArrayBuffer(0)), /the file is no \.tflite file/);
  assert.throws(() => readNetwork(new TextEncoder().encode("<!doctype html><title>").buffer), /the file is no \.tflite file/);
});
