/* Trains a linear head on features, as the lessons do: softmax, cross-entropy, Adam. A few thousand weights take
   less than a second, so this is plain JavaScript. */

import { softmax } from "../shared/softmax.js";
import { Head } from "./heads.js";

const ADAM = { fade: 0.9, fadeSquares: 0.999, tiny: 1e-7 }; // as Keras has them

/* One row of numbers that Adam changes. */
class Parameters {
  constructor(length) {
    this.values = new Float32Array(length);
    this.slopes = new Float32Array(length);
    this.means = new Float32Array(length);
    this.squares = new Float32Array(length);
  }

  step(number, rate) {
    const { fade, fadeSquares, tiny } = ADAM;
    const speed = (rate * Math.sqrt(1 - fadeSquares ** number)) / (1 - fade ** number);
    for (let index = 0; index < this.values.length; index += 1) {
      const slope = this.slopes[index];
      this.means[index] += (slope - this.means[index]) * (1 - fade);
      this.squares[index] += (slope * slope - this.squares[index]) * (1 - fadeSquares);
      this.values[index] -= (speed * this.means[index]) / (Math.sqrt(this.squares[index]) + tiny);
    }
    this.slopes.fill(0);
  }
}

/* Return {loss, right} of a head on examples: the mean cross-entropy, and how many it gets right. */
export function evaluate(head, examples) {
  let [loss, right] = [0, 0];
  for (const { features, label } of examples) {
    const probabilities = head.probabilities(features);
    loss -= Math.log(Math.max(probabilities[label], 1e-7)) / examples.length;
    right += Number(probabilities.every((one, index) => index === label || one < probabilities[label]));
  }
  return { loss, right };
}

/* Add the slopes of the mean loss: for each class, (what was said minus what would have been right) times the features. */
function addSlopes(head, examples, weights, bias) {
  for (const { features, label } of examples) {
    const said = softmax(head.logits(features));
    said.forEach((probability, index) => {
      const error = (probability - Number(index === label)) / examples.length;
      bias.slopes[index] += error;
      for (let place = 0; place < head.width; place += 1) weights.slopes[index * head.width + place] += error * features[place];
    });
  }
}

/* Train; a generator, so that the page can draw between the steps.

   names: the classes; training, held: lists of {features: Float32Array, label}, held ones being looked at only.
   Yields {step, training: {loss, right}, held: {loss, right} or null} after each step and before the first (step 0).
   Returns the Head. */
export function* train({ names, training, held = [], steps = 100, rate = 0.001 }) {
  const width = training[0].features.length;
  const [weights, bias] = [new Parameters(names.length * width), new Parameters(names.length)];
  const head = new Head({ names, weights: weights.values, bias: bias.values });
  const look = (step) => ({ step, training: evaluate(head, training), held: held.length ? evaluate(head, held) : null });
  yield look(0);
  for (let step = 1; step <= steps; step += 1) {
    addSlopes(head, training, weights, bias);
    weights.step(step, rate);
    bias.step(step, rate);
    yield look(step);
  }
  return head;
}

/* Hold the last picture of each class back, where every class has enough; else none.

   classes: lists of pictures. Returns {training, held}, lists of {features, label}. */
export function holdBack(classes, enough = 5) {
  const examples = (pictures, label) => pictures.map(({ features }) => ({ features, label }));
  const some = classes.every((pictures) => pictures.length >= enough);
  return {
    training: classes.flatMap((pictures, label) => examples(some ? pictures.slice(0, -1) : pictures, label)),
    held: some ? classes.flatMap((pictures, label) => examples(pictures.slice(-1), label)) : [],
  };
}
