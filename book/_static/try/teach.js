/* The second part of the page: classes of the reader's own, a few pictures of each, and a head that learns them. */

import { cameraPart, hasCamera } from "./camera.js";
import { curvePart } from "./curve.js";
import { button, make, messages } from "../shared/elements.js";
import { pictureField } from "./intake.js";
import { read, write } from "./keeping.js";
import { toPixels } from "./pixels.js";
import { holdBack, train } from "./training.js";

const [FEWEST_CLASSES, MOST_CLASSES] = [2, 5];
const [FEWEST_PICTURES, GOOD_PICTURES, MOST_PICTURES] = [2, 5, 40];
const STEPS = 100;
const STEPS_A_FRAME = 2; // so that the curve can be watched

let number = 0;

function thumbnail(picture) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [96, 96];
  canvas.getContext("2d").drawImage(picture, 0, 0, 96, 96);
  return canvas;
}

/* One class: its name, its pictures, and how to add some. changed: called when anything of it has changed. */
class TaughtClass {
  constructor({ network, changed, complain, remove }) {
    number += 1;
    this.pictures = [];
    this.network = network;
    this.changed = changed;
    const id = `live-class-${number}`;
    this.input = make("input", { type: "text", id, maxlength: 40, autocomplete: "off", placeholder: "for example: my mug" });
    this.input.addEventListener("input", changed);
    this.strip = make("div", { class: "live-row live-strip" });
    this.count = make("p", { class: "live-count" });
    const take = (picture) => this.add(picture);
    const sources = [pictureField({ label: "Add pictures, or drop them here", several: true, take, complain })];
    if (hasCamera()) {
      const { start, view } = cameraPart(take, complain, "Add with the camera");
      sources.push(start, view);
    }
    this.removal = button("Remove this class", () => remove(this), complain);
    this.label = make("label", { for: id });
    this.element = make("div", { class: "live-class", role: "group" }, this.label, this.input, this.count, this.strip, ...sources, this.removal);
  }

  get name() {
    return this.input.value.trim();
  }

  async add(picture) {
    if (this.pictures.length >= MOST_PICTURES) throw new Error(`A class takes ${MOST_PICTURES} pictures, and this one has them. Remove some first.`);
    const { features } = await this.network.answer(toPixels(picture, this.network.size));
    const small = thumbnail(picture);
    const entry = { features, small };
    entry.element = button("", () => this.drop(entry), () => {}, { class: "live-example" });
    entry.element.append(small);
    this.pictures.push(entry);
    this.strip.append(entry.element);
    this.changed();
  }

  drop(entry) {
    const place = this.pictures.indexOf(entry);
    this.pictures.splice(place, 1);
    entry.element.remove();
    this.changed();
    (this.pictures[Math.min(place, this.pictures.length - 1)]?.element ?? this.input).focus();
  }

  /* Say what is there, in words that name the class's place in the list. */
  describe(place, removable) {
    const title = `Class ${place + 1}`;
    this.label.textContent = `Name of class ${place + 1}`;
    this.element.setAttribute("aria-label", title);
    const count = this.pictures.length;
    const more = count < GOOD_PICTURES ? `; ${GOOD_PICTURES - count} more are good to have` : "";
    this.count.textContent = `${count} ${count === 1 ? "picture" : "pictures"}${more}.`;
    this.pictures.forEach(({ element }, index) => {
      element.setAttribute("aria-label", `Remove picture ${index + 1} of ${this.name || title}`);
      element.title = "Remove this picture";
    });
    this.removal.hidden = !removable;
  }
}

/* What still has to be done before training can begin; "" for nothing. */
function lacking(classes) {
  const names = classes.map((one) => one.name);
  if (names.some((name) => !name)) return "Give each class a name.";
  if (new Set(names).size < names.length) return "Give each class a name of its own.";
  const poor = classes.find((one) => one.pictures.length < FEWEST_PICTURES);
  return poor ? `“${poor.name}” needs at least ${FEWEST_PICTURES} pictures; ${GOOD_PICTURES} or more are better.` : "";
}

const nextFrame = () => new Promise((done) => { requestAnimationFrame(done); });

/* Run the training to its end, drawing on the way; return the head and what was seen last. */
async function watch(names, { training, held }, draw) {
  const run = train({ names, training, held, steps: STEPS });
  const seen = [];
  for (;;) {
    const { done, value } = run.next();
    if (done) return { head: value, last: seen.at(-1) };
    seen.push(value);
    if (value.step % STEPS_A_FRAME === 0) {
      draw(seen, STEPS);
      await nextFrame();
    }
  }
}

/* Train without drawing. */
function trainAll(names, training) {
  const run = train({ names, training, steps: STEPS });
  let next = run.next();
  while (!next.done) next = run.next();
  return next.value;
}

function inWords({ training, held }, counts) {
  const start = `Trained. Of ${counts.training} training pictures it gets ${training.right} right`;
  return held
    ? `${start}, of the ${counts.held} held back ${held.right}. Then it was trained once more with all. Show it something above.`
    : `${start}. With ${GOOD_PICTURES} pictures of each class, one of each would be held back to test it. Show it something above.`;
}

function download(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = make("a", { href: address, download: "my-classes.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/* The pictures that a head was taught with, as neighbors to compare with. */
function ownNeighbors(classes) {
  const all = classes.flatMap(({ pictures }, label) => pictures.map(({ features, small }) => ({ features, small, label })));
  const width = all[0].features.length;
  const values = new Float32Array(all.length * width);
  all.forEach(({ features }, row) => values.set(features, row * width));
  return { values, count: all.length, labels: all.map(({ label }) => label), picture: (row) => thumbnail(all[row].small) };
}

/* A field that loads a head from a file. */
function loadField(loaded, use, say, complain) {
  const input = make("input", { type: "file", id: "live-load-head", accept: ".json,application/json", class: "live-file" });
  input.addEventListener("change", async () => {
    try {
      const [file] = input.files;
      if (!file) return;
      const head = read(await file.text(), { network: loaded.about.network.sha256, width: loaded.about.features });
      use(head, null);
      say(`Loaded a head for ${head.names.join(", ")}. Show it something above.`);
    } catch (error) {
      complain(error);
    }
    input.value = "";
  });
  return make("div", { class: "live-load" }, make("label", { for: input.id }, "Load a head that you have kept"), input);
}

/* Make the part. use: called with a Head, and its neighbors or null, when there is a new one. */
export function teachPart(loaded, use) {
  const { elements, say, complain } = messages();
  const { element: curve, draw } = curvePart();
  const list = make("div", { class: "live-classes" });
  const hint = make("p", { class: "live-hint", id: "live-hint" });
  let classes = [];
  let own = null;

  const changed = () => {
    classes.forEach((one, place) => one.describe(place, classes.length > FEWEST_CLASSES));
    hint.textContent = lacking(classes);
    teach.disabled = Boolean(hint.textContent);
    more.hidden = classes.length >= MOST_CLASSES;
  };
  const add = () => {
    const made = new TaughtClass({ network: loaded.network, changed, complain, remove });
    classes.push(made);
    list.append(made.element);
    changed();
    return made;
  };
  const remove = (one) => {
    classes = classes.filter((other) => other !== one);
    one.element.remove();
    changed();
    more.focus();
  };
  const learn = async () => {
    teach.disabled = true;
    try {
      const taught = classes.map(({ name, pictures }) => ({ name, pictures: [...pictures] }));
      const names = taught.map(({ name }) => name);
      const parts = holdBack(taught.map(({ pictures }) => pictures), GOOD_PICTURES);
      say("Training …");
      const { head, last } = await watch(names, parts, draw);
      own = parts.held.length ? trainAll(names, [...parts.training, ...parts.held]) : head;
      keep.hidden = false;
      use(own, ownNeighbors(taught));
      say(inWords(last, { training: parts.training.length, held: parts.held.length }));
    } finally {
      changed();
    }
  };
  const more = button("Add a class", () => add().input.focus(), complain);
  const teach = button("Teach it", learn, complain, { "aria-describedby": "live-hint" });
  const keep = button("Download this head", () => download(write(own, loaded.about.network.sha256)), complain);
  keep.hidden = true;
  const load = loadField(loaded, (head, neighbors) => {
    own = head;
    keep.hidden = false;
    use(head, neighbors);
  }, say, complain);
  const intro = `Name ${FEWEST_CLASSES} to ${MOST_CLASSES} things of your own, and give each ${GOOD_PICTURES} pictures: mugs and bottles, two kinds of leaves, your left hand and your right. ` +
    "The backbone stays as it is; a new head is trained on its features, here and within seconds.";
  const element = make("section", { "aria-labelledby": "live-teach" }, make("h2", { id: "live-teach" }, "Teach it"), make("p", {}, intro), list,
    make("div", { class: "live-row" }, more, teach, keep), hint, ...elements, curve, load);
  for (let count = 0; count < FEWEST_CLASSES; count += 1) add();
  return element;
}
