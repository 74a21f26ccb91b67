import { fetchBlob, urls } from "../api/api.js";

// A hue that is rare in photographs; it must look like a mark, not like a colour of the picture.
const [RED, GREEN, BLUE] = [255, 64, 196];
const STRONGEST = 0.72;

/** Draw the map of guesses of `version` on `canvas`, at the map's own small size; CSS stretches it. */
export const drawGuess = (canvas, version, signal) => draw(canvas, urls.confidence(version.job), veil, signal);

export const drawRepairs = (canvas, version, signal) => draw(canvas, urls.repairs(version.job), mark, signal);

async function draw(canvas, url, paint, signal) {
  const map = await createImageBitmap(await fetchBlob(url, signal));
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(map, 0, 0);
  map.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  paint(pixels.data);
  context.putImageData(pixels, 0, 0);
}

/** Turn grey levels (255 is sure) into the overlay's colour and strength, in place. */
export function veil(rgba) {
  for (let at = 0; at < rgba.length; at += 4) {
    const confidence = rgba[at] / 255;
    rgba[at + 3] = Math.round(255 * STRONGEST * (1 - confidence) ** 2.5);
    [rgba[at], rgba[at + 1], rgba[at + 2]] = [RED, GREEN, BLUE];
  }
}

/** Turn the mask of repairs (255 repaired, 128 left) into the overlay's colour, in place. */
export function mark(rgba) {
  for (let at = 0; at < rgba.length; at += 4) {
    rgba[at + 3] = rgba[at];
    [rgba[at], rgba[at + 1], rgba[at + 2]] = [RED, GREEN, BLUE];
  }
}
