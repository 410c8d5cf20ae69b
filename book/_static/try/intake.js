/* How pictures come in: chosen as files, dropped, or pasted. */

import { make } from "../shared/elements.js";
import { fromFile } from "./pixels.js";

let number = 0;

/* A labeled field for picture files that is also a place to drop them.

   label: what stands on it; several: whether more than one may come; take: called with a canvas for each, in order;
   complain: called with an Error. Returns an element. */
export function pictureField({ label, several = false, take, complain }) {
  number += 1;
  const id = `live-pictures-${number}`;
  const input = make("input", { type: "file", id, accept: "image/*", multiple: several, class: "live-file" });
  const place = make("div", { class: "live-drop" }, make("label", { for: id }, label), input);
  const takeAll = async (files) => {
    const pictures = [...files].slice(0, several ? undefined : 1);
    for (const file of pictures) {
      try {
        await take(await fromFile(file));
      } catch (error) {
        complain(error);
      }
    }
  };
  input.addEventListener("change", async () => {
    await takeAll(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("live-over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("live-over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("live-over");
    takeAll(event.dataTransfer.files);
  });
  return place;
}

/* Take a picture that is pasted anywhere on the page; pasted text goes where it went before. */
export function takePasted(take, complain) {
  document.addEventListener("paste", async (event) => {
    const picture = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    try {
      await take(await fromFile(picture));
    } catch (error) {
      complain(error);
    }
  });
}
