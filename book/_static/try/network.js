/* Runs the network of a .tflite file with TensorFlow.js's kernels, and keeps what the page explains an answer with:
   the last stack of feature maps, their averages (the features), and the head's weights. */

/* TensorFlow.js wants the weights of a convolution as (height, width, in, out), TensorFlow Lite has (out, height, width,
   in); those of a depthwise one as (height, width, in, 1), there (1, height, width, in). */
const ORDER = { convolution: [1, 2, 3, 0], depthwise: [1, 2, 3, 0], "fully connected": [1, 0] };

function toTensor(tf, { shape, values, type }, order) {
  return tf.tidy(() => {
    const tensor = tf.tensor(values, shape, type === "int32" ? "int32" : "float32");
    return order ? tf.transpose(tensor, order) : tensor;
  });
}

function activated(tf, tensor, activation) {
  return activation === "relu6" ? tf.relu6(tensor) : tensor;
}

const run = {
  add: (tf, { activation }, a, b) => activated(tf, tf.add(a, b), activation),
  multiply: (tf, { activation }, a, b) => activated(tf, tf.mul(a, b), activation),
  convolution: (tf, operation, x, filter, bias) => tf.fused.conv2d(fused(operation, x, filter, bias)),
  depthwise: (tf, operation, x, filter, bias) => tf.fused.depthwiseConv2d(fused(operation, x, filter, bias)),
  mean: (tf, { keep, axes }, x) => tf.mean(x, axes, keep),
  "fully connected": (tf, { activation }, x, weights, bias) => activated(tf, tf.add(tf.matMul(x, weights), bias), activation),
  softmax: (tf, { beta }, x) => tf.softmax(tf.mul(x, beta)),
};

function fused({ same, strides, activation }, x, filter, bias) {
  return { x, filter, bias, strides, pad: same ? "same" : "valid", activation: activation === "relu6" ? "relu6" : "linear" };
}

/* The one operation of a kind that the page has to find again to explain an answer. */
function only(operations, kind) {
  const found = operations.filter((operation) => operation.kind === kind);
  if (found.length !== 1) throw new Error(`The network was not read: the page expects one operation "${kind}", and it has ${found.length}.`);
  return found[0];
}

export class Network {
  /* tf: TensorFlow.js with a backend that is ready. described: what readNetwork gave. */
  constructor(tf, described) {
    this.tf = tf;
    this.described = described;
    const { tensors, operations } = described;
    const [mean, dense] = [only(operations, "mean"), only(operations, "fully connected")];
    mean.axes = [...tensors[mean.inputs[1]].values];
    this.places = { map: mean.inputs[0], features: mean.outputs[0] };
    this.size = tensors[described.input].shape[1];
    this.head = { weights: tensors[dense.inputs[1]].values, bias: tensors[dense.inputs[2]].values };
    this.constants = this.upload();
    this.lastUse = new Map();
    operations.forEach((operation, step) => operation.inputs.forEach((place) => this.lastUse.set(place, step)));
  }

  /* Hand the weights to the backend, each in the order of axes that its operation wants. */
  upload() {
    const constants = new Map();
    for (const operation of this.described.operations) {
      operation.inputs.forEach((place, position) => {
        const tensor = this.described.tensors[place];
        if (!tensor.values || tensor.type === "int32" || constants.has(place)) return;
        constants.set(place, toTensor(this.tf, tensor, position === 1 ? ORDER[operation.kind] : null));
      });
    }
    return constants;
  }

  /* pixels: Float32Array of size * size * 3 numbers in [0, 1], row by row, red, green, blue.
     Returns {probabilities, features, map, shape}: Float32Arrays; map is (height, width, features), as shape says. */
  async answer(pixels) {
    const { described, places, tf } = this;
    const needed = new Set([described.output, places.map, places.features]);
    const live = new Map([[described.input, tf.tensor(pixels, [1, this.size, this.size, 3])]]);
    described.operations.forEach((operation, step) => {
      const inputs = operation.inputs.map((place) => live.get(place) ?? this.constants.get(place));
      live.set(operation.outputs[0], tf.tidy(() => run[operation.kind](tf, operation, ...inputs)));
      for (const place of new Set(operation.inputs)) {
        if (live.has(place) && !needed.has(place) && this.lastUse.get(place) === step) {
          live.get(place).dispose();
          live.delete(place);
        }
      }
    });
    const shape = live.get(places.map).shape.slice(1);
    const order = [described.output, places.features, places.map];
    const [probabilities, features, map] = await Promise.all(order.map((place) => live.get(place).data()));
    live.forEach((tensor) => tensor.dispose());
    return { probabilities, features, map, shape };
  }
}
