/* A head of the reader's own: learning, holding back, keeping, loading. */

import assert from "node:assert/strict";
import test from "node:test";

import { Head } from "../../../book/_static/try/heads.js";
import { read, write } from "../../../book/_static/try/keeping.js";
import { evaluate, holdBack, train } from "../../../book/_static/try/training.js";

const NETWORK = "0123abcd";
const picture = (...features) => ({ features: Float32Array.from(features) });

function finish(run) {
  const seen = [];
  for (;;) {
    const { done, value } = run.next();
    if (done) return { head: value, seen };
    seen.push(value);
  }
}

const training = [
  { ...picture(2, 0.1, 0.2), label: 0 },
  { ...picture(1.8, 0.2, 0), label: 0 },
  { ...picture(0.1, 1.9, 0.1), label: 1 },
  { ...picture(0.2, 2.1, 0.3), label: 1 },
];

test("what differs is learned, and the loss falls all the way", () => {
  const { head, seen } = finish(train({ names: ["a", "b"], training, steps: 50, rate: 0.05 }));
  assert.equal(seen.length, 51);
  assert.ok(Math.abs(seen[0].training.loss - Math.log(2)) < 1e-6);
  assert.ok(seen.every((one, index) => index === 0 || one.training.loss < seen[index - 1].training.loss));
  assert.equal(evaluate(head, training).right, 4);
});

test("pictures held back are looked at and not learned from", () => {
  const wrong = [{ ...picture(2, 0, 0), label: 1 }];
  const options = { names: ["a", "b"], training, steps: 20, rate: 0.05 };
  const [without, withThem] = [finish(train(options)), finish(train({ ...options, held: wrong }))];
  assert.deepEqual(without.head.weights, withThem.head.weights);
  assert.equal(withThem.seen.at(-1).held.right, 0);
  assert.equal(without.seen.at(-1).held, null);
});

test("the last of five pictures is held back, of fewer none", () => {
  const five = [1, 2, 3, 4, 5].map((value) => picture(value));
  const { training: learned, held } = holdBack([five, five]);
  assert.equal(learned.length, 8);
  assert.deepEqual(held.map(({ features, label }) => [features[0], label]), [[5, 0], [5, 1]]);
  assert.equal(holdBack([five, five.slice(1)]).held.length, 0);
});

test("an equal vote is not counted as right", () => {
  const undecided = new Head({ names: ["a", "b"], weights: new Float32Array(6), bias: new Float32Array(2) });
  assert.equal(evaluate(undecided, training).right, 0);
});

const head = new Head({ names: ["mug", "bottle ✓"], weights: Float32Array.from([0.1, -2, 3e-9, 7, 0, 1e9]), bias: Float32Array.from([0.5, -0.5]) });
const text = write(head, NETWORK);

test("a head that was kept answers as before", () => {
  const again = read(text, { network: NETWORK, width: 3 });
  assert.deepEqual(again.names, head.names);
  assert.deepEqual(again.weights, head.weights);
  assert.deepEqual([...again.bias], [...head.bias]);
});

const changed = (change) => JSON.stringify({ ...JSON.parse(text), ...change });

const refused = {
  "no JSON": ["nothing", /no JSON/],
  "another file": ["[]", /holds no head/],
  "null": ["null", /holds no head/],
  "another version": [changed({ version: 2 }), /another version/],
  "another network": [changed({ network: "ffff" }), /another network/],
  "one class": [changed({ names: ["mug"] }), /2 to 20 different names/],
  "the same name twice": [changed({ names: ["mug", "mug"] }), /different names/],
  "a name that is none": [changed({ names: ["mug", {}] }), /different names/],
  "too few biases": [changed({ bias: [1] }), /one bias/],
  "a bias that is no number": [changed({ bias: [1, "x"] }), /one bias/],
  "no weights": [changed({ weights: null }), /no weights/],
  "weights that are no numbers": [changed({ weights: btoa("\u0000\u0000\u00c0\u007f".repeat(6)) }), /no numbers/],
  "weights of another length": [changed({ weights: btoa("\u0000".repeat(8)) }), /2 weights where 6/],
  "half a weight": [changed({ weights: btoa("\u0000".repeat(7)) }), /cannot be read/],
  "weights in no code": [changed({ weights: "%%%" }), /cannot be read/],
};

for (const [what, [content, reason]] of Object.entries(refused)) {
  test(`a file with ${what} is refused, and the reason is said`, () => {
    assert.throws(() => read(content, { network: NETWORK, width: 3 }), reason);
  });
}
