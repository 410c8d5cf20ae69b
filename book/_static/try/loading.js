/* Fetches everything that the page needs from the folder of this script, and from nowhere else. */

import { Network } from "./network.js";
import { readNetwork } from "./tflite.js";

const HERE = new URL(".", import.meta.url);
const SCRIPTS = ["tfjs/tf-core.es2017.min.js", "tfjs/tf-backend-wasm.es2017.min.js"];

async function response(path) {
  const found = await fetch(new URL(path, HERE));
  if (!found.ok) throw new Error(`${path} was not loaded: the server answers ${found.status}. Reload the page to try again.`);
  return found;
}

/* Return a file's bytes; `progress` is called with the number of bytes that have come since the last call. */
async function bytes(path, progress) {
  const reader = (await response(path)).body.getReader();
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value);
    progress(value.length);
  }
}

function script(path) {
  return new Promise((loaded, failed) => {
    const element = document.createElement("script");
    element.src = new URL(path, HERE);
    element.addEventListener("load", loaded);
    element.addEventListener("error", () => failed(new Error(`${path} was not loaded. Reload the page to try again.`)));
    document.head.append(element);
  });
}

/* TensorFlow.js, ready to compute in WebAssembly, which every browser of the last years has; no graphics processor. */
async function startLibrary(sizes, progress) {
  if (typeof WebAssembly === "undefined") throw new Error("This browser has no WebAssembly, and the network needs it. Try a newer one.");
  for (const path of SCRIPTS) {
    if (!window.tf?.wasm) await script(path); // the second one builds on the first; both are there when one tries again
    progress(sizes[path]);
  }
  const { tf } = window;
  tf.wasm.setWasmPaths(new URL("tfjs/", HERE).href);
  if (!(await tf.setBackend("wasm"))) throw new Error("WebAssembly did not start in this browser, and the network needs it.");
  await tf.ready();
  progress(sizes["tfjs/tfjs-backend-wasm-simd.wasm"]);
  return tf;
}

async function picture(path, sizes, progress) {
  const image = new Image();
  image.src = new URL(path, HERE);
  await image.decode();
  progress(sizes[path]);
  return image;
}

/* Load it all.

   sizes: bytes of each file, by path below this folder; tell: called with the share that has come, from 0 to 1.
   Returns {network, about, neighbors: {values, count, labels, side, columns, sheet}, examples}. */
export async function load(sizes, tell) {
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  let come = 0;
  const progress = (count) => {
    come += count;
    tell(Math.min(1, come / total));
  };
  const [tf, file, about, values, sheet, examples] = await Promise.all([
    startLibrary(sizes, progress),
    bytes("model/flowers.tflite", progress),
    response("model/about.json").then((found) => found.json()),
    bytes("model/neighbors.bin", progress),
    picture("model/neighbors.jpg", sizes, progress),
    picture("model/examples.jpg", sizes, progress),
  ]);
  const network = new Network(tf, readNetwork(file));
  await network.answer(new Float32Array(network.size * network.size * 3)); // the first pass is slow: nobody waits for it
  const { labels } = about.neighbors;
  const neighbors = { ...about.neighbors, values: new Uint8Array(values), count: labels.length, sheet };
  return { network, about, neighbors, examples: { ...about.examples, sheet: examples } };
}
