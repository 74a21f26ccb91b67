/** Full-size pictures for the stage: decoded before they are shown, so that nothing appears in stripes. */

import { urls } from "../api/api.js";
import { h } from "../ui/dom.js";
import { fileOf } from "./photos.js";

let can = {};
const own = new WeakMap();

export function start(capabilities) {
  can = capabilities;
}

/** The addresses where a picture may be found, best first; `version` null means the original. */
export function sources(photo, version) {
  if (version) return [{ url: urls.result(version.job) }, ...(can.preview ? [{ url: urls.preview(version.job), reduced: true }] : [])];
  const file = fileOf(photo);
  const job = photo.versions.find((v) => v.job)?.job;
  const done = photo.versions.find((v) => v.state === "succeeded")?.job;
  return [
    ...(file ? [{ url: addressOf(file) }] : []),
    ...(job && can.original && !file ? [{ url: urls.original(job) }] : []),
    ...(done && can.preview ? [{ url: urls.originalPreview(done), reduced: true }] : []),
  ];
}

/** Load the first that this browser can show: `{ image, reduced }`, or null when there is none. */
export async function load(candidates) {
  for (const { url, reduced = false } of candidates) {
    const image = h("img", { src: url, alt: "", draggable: "false" });
    try {
      await image.decode();
      return { image, reduced };
    } catch {
      // Gone, or a format that this browser cannot show: try the next.
    }
  }
  return null;
}

function addressOf(file) {
  if (!own.has(file)) own.set(file, URL.createObjectURL(file));
  return own.get(file);
}
