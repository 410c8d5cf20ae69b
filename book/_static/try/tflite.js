/* Reads a .tflite file into plain data: tensors with their weights, and the operations in the order in which they run.

   The format is a FlatBuffer: tables whose first number points back at a list of where each field is. Field numbers
   are those of TensorFlow Lite's schema, version 3. Only what this course's network is made of is understood; anything
   else is refused by name when the file is read, not in the middle of a picture. */

const OPERATIONS = {
  0: "add", 3: "convolution", 4: "depthwise", 6: "dequantize", 9: "fully connected", 18: "multiply", 25: "softmax", 40: "mean",
};
const TYPES = { 0: "float32", 1: "float16", 2: "int32" };
const ACTIVATIONS = { 0: "none", 3: "relu6" };

/* A table of a FlatBuffer; a field that the writer left out has its default value. */
class Table {
  constructor(view, at) {
    this.view = view;
    this.at = at;
    this.fields = at - view.getInt32(at, true);
  }

  place(field) {
    const slot = 4 + 2 * field;
    const offset = slot < this.view.getUint16(this.fields, true) ? this.view.getUint16(this.fields + slot, true) : 0;
    return offset ? this.at + offset : 0;
  }

  byte(field, otherwise = 0) {
    const place = this.place(field);
    return place ? this.view.getInt8(place) : otherwise;
  }

  number(field, otherwise = 0) {
    const place = this.place(field);
    return place ? this.view.getInt32(place, true) : otherwise;
  }

  float(field, otherwise = 0) {
    const place = this.place(field);
    return place ? this.view.getFloat32(place, true) : otherwise;
  }

  table(field) {
    const place = this.place(field);
    return place ? new Table(this.view, place + this.view.getUint32(place, true)) : null;
  }

  /* Where the items of a list begin, and how many there are. */
  list(field) {
    const place = this.place(field);
    if (!place) return { start: 0, length: 0 };
    const at = place + this.view.getUint32(place, true);
    return { start: at + 4, length: this.view.getUint32(at, true) };
  }

  numbers(field) {
    const { start, length } = this.list(field);
    return Array.from({ length }, (_, index) => this.view.getInt32(start + 4 * index, true));
  }

  tables(field) {
    const { start, length } = this.list(field);
    return Array.from({ length }, (_, index) => {
      const at = start + 4 * index;
      return new Table(this.view, at + this.view.getUint32(at, true));
    });
  }

  bytes(field) {
    const { start, length } = this.list(field);
    return new Uint8Array(this.view.buffer, this.view.byteOffset + start, length);
  }
}

/* One number of 16 bits (sign, 5 bits of exponent, 10 of fraction) as JavaScript's own number. */
export function fromFloat16(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/* All 65,536 of them, made once: a table is quicker than the arithmetic for two million weights. */
let halves = null;

/* Return the float32 numbers that the bytes of float16 numbers stand for. */
export function widen(bytes) {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => fromFloat16(bits));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 2 }, (_, index) => halves[view.getUint16(2 * index, true)]);
}

function values(type, bytes) {
  if (!bytes.length) return null; // computed while the network runs
  if (type === "float16") return widen(bytes);
  const copy = bytes.slice().buffer; // aligned, as typed arrays must be
  return type === "float32" ? new Float32Array(copy) : new Int32Array(copy);
}

function known(names, code, what) {
  if (!(code in names)) throw new Error(`The network was not read: it has ${what} number ${code}, which this page does not know.`);
  return names[code];
}

const options = {
  add: (table) => ({ activation: table.byte(0) }),
  multiply: (table) => ({ activation: table.byte(0) }),
  "fully connected": (table) => ({ activation: table.byte(0) }),
  softmax: (table) => ({ beta: table.float(0) }),
  mean: (table) => ({ keep: Boolean(table.byte(0)) }),
  convolution: (table) => ({ same: table.byte(0) === 0, strides: [table.number(2), table.number(1)], activation: table.byte(3) }),
  depthwise: (table) => ({ same: table.byte(0) === 0, strides: [table.number(2), table.number(1)], activation: table.byte(4) }),
  dequantize: () => ({}),
};

function readOperation(table, names) {
  const kind = names[table.number(0)];
  const settings = options[kind](table.table(4) ?? { byte: () => 0, number: () => 1, float: () => 1 });
  if ("activation" in settings) settings.activation = known(ACTIVATIONS, settings.activation, "activation");
  return { kind, inputs: table.numbers(1), outputs: table.numbers(2), ...settings };
}

/* Weights of 16 bits are widened when they are read, so "dequantize" has nothing left to do but to pass them on. */
function withoutDequantizing(network) {
  const operations = [];
  for (const operation of network.operations) {
    if (operation.kind !== "dequantize") {
      operations.push(operation);
      continue;
    }
    const [from, to] = [network.tensors[operation.inputs[0]], network.tensors[operation.outputs[0]]];
    if (!from.values) throw new Error("The network was not read: it converts numbers while it runs, and this page does not.");
    to.values = from.values;
    from.values = null;
  }
  return { ...network, operations };
}

/* Read a network.

   buffer: ArrayBuffer, the content of a .tflite file whose weights are float32 or float16.
   Returns {tensors: [{shape, type, values}], operations: [{kind, inputs, outputs, ...settings}], input, output}; values
   are null for what is computed. Throws an Error, in words, where the file is none, or has what the page cannot do. */
export function readNetwork(buffer) {
  const view = new DataView(buffer);
  const mark = buffer.byteLength < 8 ? "" : String.fromCharCode(...new Uint8Array(buffer, 4, 4));
  if (mark !== "TFL3") throw new Error("The network was not read: the file is no .tflite file.");
  const model = new Table(view, view.getUint32(0, true));
  const names = model.tables(1).map((code) => known(OPERATIONS, Math.max(code.byte(0), code.number(3)), "an operation"));
  const buffers = model.tables(4);
  const [graph] = model.tables(2);
  const tensors = graph.tables(0).map((tensor) => {
    const type = known(TYPES, tensor.byte(1), "numbers of type");
    return { shape: tensor.numbers(0), type, values: values(type, buffers[tensor.number(2)].bytes(0)) };
  });
  const operations = graph.tables(3).map((operation) => readOperation(operation, names));
  return withoutDequantizing({ tensors, operations, input: graph.numbers(1)[0], output: graph.numbers(2)[0] });
}
