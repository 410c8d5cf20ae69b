/* From any picture to the numbers that the network takes: the same numbers as Python's, up to the decoder's rounding. */

/* A photograph from a telephone has far more pixels than the pictures of the course. The browser shrinks it smoothly to
   about their size first; pictures that are no larger are taken as they are. */
const SHORTER_SIDE = 512;

/* Resize as tf.image.resize does: bilinear, pixels' centers at halves, no smoothing.

   image: {data, width, height}, data being red, green, blue, alpha from 0 to 255.
   Returns a Float32Array of size * size * 3 numbers in [0, 1], row by row. */
export function resize({ data, width, height }, size) {
  const [across, down] = [places(width, size), places(height, size)];
  const pixels = new Float32Array(size * size * 3);
  let at = 0;
  for (const { low: top, high: bottom, share: y } of down) {
    for (const { low: left, high: right, share: x } of across) {
      for (let color = 0; color < 3; color += 1) {
        const value = (row, column) => data[4 * (row * width + column) + color];
        const above = value(top, left) + (value(top, right) - value(top, left)) * x;
        const below = value(bottom, left) + (value(bottom, right) - value(bottom, left)) * x;
        pixels[at] = (above + (below - above) * y) / 255;
        at += 1;
      }
    }
  }
  return pixels;
}

/* For each new pixel along one side: the two old ones around it, and how far it is from the first to the second. */
function places(length, size) {
  return Array.from({ length: size }, (_, index) => {
    const exact = ((index + 0.5) * length) / size - 0.5;
    const floor = Math.floor(exact);
    return { low: Math.max(floor, 0), high: Math.min(Math.ceil(exact), length - 1), share: exact - floor };
  });
}

/* Return a canvas with the picture on white, upright, shrunk where it is large. source: what can be drawn on a canvas. */
export function onCanvas(source, width, height) {
  const scale = Math.min(1, SHORTER_SIDE / Math.min(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // what shows through transparent pictures, as in Python
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/* Decode a file that the reader has chosen. Throws an Error, in words, where the browser can't read it. */
export async function fromFile(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const heic = /\.hei[cf]$/i.test(file.name) ? " Telephones can export HEIC pictures as JPEG." : "";
    throw new Error(`“${file.name}” was not read: this browser finds no picture in it. Choose a JPEG, PNG or WebP file.${heic}`);
  }
  const canvas = onCanvas(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas;
}

/* Return the numbers of a canvas as the network takes them. */
export function toPixels(canvas, size) {
  return resize(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), size);
}
