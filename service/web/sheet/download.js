import { fetchBlob, urls } from "../api/api.js";
import { saveAs } from "../ui/dom.js";
import { unique } from "../photos/albums.js";
import { best } from "../photos/photos.js";
import { text } from "../ui/strings.js";
import { resultName } from "../photos/wording.js";

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

// APPNOTE 6.3.10, PKWARE 2022.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const MOST = 0xffff0000;

/** Pack `entries`, an async iterable of `{ name, blob }` of unlike names; throws a RangeError above 4 GB, which needs ZIP64. */
async function zip(entries) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for await (const { name, blob } of entries) {
    const path = new TextEncoder().encode(name);
    const crc = await crc32(blob);
    parts.push(header(path, crc, blob.size), blob);
    directory.push(header(path, crc, blob.size, offset));
    offset += 30 + path.length + blob.size;
    if (offset > MOST) throw new RangeError("more than 4 GB");
  }
  return new Blob([...parts, ...directory, end(directory, offset)], { type: "application/zip" });
}

const wide = (value) => [value & 0xffff, value >>> 16];

/** Fields of 16 bits each; `wide` makes two of one of 32. */
function fields(...values) {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  values.forEach((value, at) => view.setUint16(2 * at, value, true));
  return view.buffer;
}

/** A local header, or with `offset` an entry of the central directory. */
function header(path, crc, size, offset = null) {
  // Version 2.0, names in UTF-8, stored, of 1980-01-01: the zero of this calendar.
  const both = [20, 0x0800, 0, 0, 0x21, ...wide(crc), ...wide(size), ...wide(size), path.length, 0];
  const begin = offset === null ? fields(0x4b50, 0x0403, ...both) : fields(0x4b50, 0x0201, 20, ...both, 0, 0, 0, 0, 0, ...wide(offset));
  return new Blob([begin, path]);
}

function end(directory, offset) {
  const size = directory.reduce((sum, entry) => sum + entry.size, 0);
  return fields(0x4b50, 0x0605, 0, 0, directory.length, directory.length, ...wide(size), ...wide(offset), 0);
}

async function crc32(blob) {
  let crc = 0xffffffff;
  const reader = blob.stream().getReader();
  for (let chunk; !(chunk = await reader.read()).done; ) {
    for (const byte of chunk.value) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
