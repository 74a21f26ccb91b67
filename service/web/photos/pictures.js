import { fetchBlob, urls } from "../api/api.js";
import { h } from "../ui/dom.js";
import { fileOf } from "./photos.js";

const own = new WeakMap();

/** Where a picture is: `file` here, or `full` and `reduced` at the service; `version` null means the original, turned as `turned` is. */
export function placesOf(photo, version, turned) {
  if (version) return { full: urls.result(version.job), reduced: urls.preview(version.job) };
  if (turned) return { reduced: urls.originalPreview(turned.job) };
  const file = fileOf(photo);
  const job = photo.versions.find((v) => v.job)?.job;
  const done = photo.versions.find((v) => v.state === "succeeded")?.job;
  return { file, full: !file && job && urls.original(job), reduced: done && urls.originalPreview(done) };
}

/** Load the first that this browser can show: `{ image, reduced }`, or null when there is none. */
export async function load(photo, version, turned) {
  const { file, full, reduced } = placesOf(photo, version, turned);
  for (const src of [file && addressOf(file), full, reduced].filter(Boolean)) {
    const image = h("img", { src, alt: "", draggable: "false" });
    try {
      await image.decode();
      return { image, reduced: src === reduced };
    } catch {
      // Gone, or a format that this browser cannot show: try the next.
    }
  }
  return null;
}

export async function lenderFile({ file, job, name }) {
  return file ?? new File([await fetchBlob(urls.reference(job))], name);
}

function addressOf(file) {
  if (!own.has(file)) own.set(file, URL.createObjectURL(file));
  return own.get(file);
}
