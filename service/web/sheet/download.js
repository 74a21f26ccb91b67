import { fetchBlob, urls } from "../api/api.js";
import { saveAs } from "../ui/dom.js";
import { unique } from "../photos/albums.js";
import { best } from "../photos/photos.js";
import { text } from "../ui/strings.js";
import { resultName } from "../photos/wording.js";
import { zip } from "./zip.js";

/** Fetch, pack and save the best version of each that has one; throws a RangeError above 4 GB. */
export async function takeOut(photos, onprogress) {
  const done = photos.filter((photo) => best(photo).state === "succeeded");
  saveAs(await zip(results(done, onprogress)), text.sheet.zipName);
}

async function* results(photos, onprogress) {
  const taken = new Set();
  for (const [index, photo] of photos.entries()) {
    onprogress(index, photos.length);
    const version = best(photo);
    const name = resultName(photo, version);
    yield { name: unique(photo.folder ? `${photo.folder}/${name}` : name, taken), blob: await fetchBlob(urls.result(version.job)) };
  }
}
