/* A head: a row of weights for each class, and a bias. The course's own, and those that readers train. */

import { softmax } from "../shared/softmax.js";

export class Head {
  /* names: one for each class; weights: Float32Array, names.length rows of features.length numbers; bias: one each.
     threshold: the probability below which the answer is "I don't know"; null for none. */
  constructor({ names, weights, bias, threshold = null }) {
    this.names = names;
    this.weights = weights;
    this.bias = bias;
    this.threshold = threshold;
    this.width = weights.length / names.length;
  }

  /* The weights of one class. */
  row(index) {
    return this.weights.subarray(index * this.width, (index + 1) * this.width);
  }

  logits(features) {
    return this.names.map((_, index) => this.row(index).reduce((sum, weight, place) => sum + weight * features[place], this.bias[index]));
  }

  probabilities(features) {
    return Float32Array.from(softmax(this.logits(features)));
  }
}
