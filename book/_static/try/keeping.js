/* A head as a file that readers keep, and may change: nothing in it is believed unseen when it is read again. */

import { Head } from "./heads.js";

const FORMAT = "flowercourse-head";
const VERSION = 1;
const [FEWEST, MOST, LONGEST] = [2, 20, 60]; // classes, and characters of a name
const NEXT = "Choose a file that this page has written.";

function toText(numbers) {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  let text = "";
  bytes.forEach((byte) => { text += String.fromCharCode(byte); });
  return btoa(text);
}

function fromText(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/* Return the file's text. network: the SHA-256 of the .tflite file whose features the head was trained on. */
export function write(head, network) {
  const { names, weights, bias } = head;
  return JSON.stringify({ format: FORMAT, version: VERSION, network, names, weights: toText(weights), bias: [...bias] });
}

function refuse(reason) {
  throw new Error(`The head was not loaded: ${reason} ${NEXT}`);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return refuse("the file is no JSON.");
  }
}

function goodName(name) {
  return typeof name === "string" && name.trim() && name.length <= LONGEST;
}

function numbers(text, length) {
  let found;
  try {
    found = fromText(text);
  } catch {
    return refuse("its weights cannot be read.");
  }
  if (found.length !== length) refuse(`it has ${found.length} weights where ${length} are needed.`);
  if (!found.every(Number.isFinite)) refuse("some of its weights are no numbers.");
  return found;
}

/* Return the Head that a file holds. network: as above; width: features of a picture.
   Throws an Error, in words, for anything that is no whole head for this network. */
export function read(text, { network, width }) {
  const found = parse(text);
  if (found?.format !== FORMAT) refuse("the file holds no head.");
  if (found.version !== VERSION) refuse("it was written by another version of this page.");
  if (found.network !== network) refuse("it was trained on the features of another network, and would answer nonsense with this one.");
  const { names, bias } = found;
  const enough = Array.isArray(names) && names.length >= FEWEST && names.length <= MOST;
  if (!enough || !names.every(goodName) || new Set(names).size !== names.length) refuse(`its classes are not ${FEWEST} to ${MOST} different names.`);
  if (!Array.isArray(bias) || bias.length !== names.length || !bias.every(Number.isFinite)) refuse("it has not one bias for each class.");
  if (typeof found.weights !== "string") refuse("it has no weights.");
  return new Head({ names, weights: numbers(found.weights, names.length * width), bias: Float32Array.from(bias) });
}
