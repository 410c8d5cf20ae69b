/* The camera: begun when the reader asks for it, and let go of as soon as it is no longer needed. */

import { button, make } from "../shared/elements.js";
import { onCanvas } from "./pixels.js";

const REASONS = {
  NotAllowedError: "the browser was not allowed to use it",
  NotFoundError: "there is none",
  NotReadableError: "another program is using it",
};

let closeOther = () => {}; // only one place of the page has the camera at a time

/* Say whether this browser offers a camera at all; it does so on https and on this machine's own address only. */
export function hasCamera() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

async function open() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    const reason = REASONS[error.name] ?? error.name;
    throw new Error(`The camera was not opened: ${reason}. A picture from a file does as well.`);
  }
}

/* A button that opens the camera, and then shows what it sees with "Take the picture" and "Close the camera".

   take: called with a canvas for each picture; complain: called with an Error. Returns {start, view}: the button, and
   what appears when it is pressed. */
export function cameraPart(take, complain, name = "Use the camera") {
  const video = make("video", { class: "live-video", playsinline: true, "aria-label": "What the camera sees" });
  video.muted = true;
  let stream = null;
  const close = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    view.hidden = true;
    start.hidden = false;
  };
  const start = button(name, async () => {
    closeOther();
    stream = await open();
    closeOther = close;
    video.srcObject = stream;
    await video.play();
    view.hidden = false;
    start.hidden = true;
    shutter.focus();
  }, complain);
  const shutter = button("Take the picture", () => take(onCanvas(video, video.videoWidth, video.videoHeight)), complain);
  const stop = button("Close the camera", () => {
    close();
    start.focus();
  }, complain);
  const view = make("div", { class: "live-camera" }, video, make("div", { class: "live-row" }, shutter, stop));
  view.hidden = true;
  window.addEventListener("pagehide", close);
  return { start, view };
}
