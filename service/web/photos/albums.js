import { cancelBatch, createBatch, listBatches, listItems, pauseBatch, resumeBatch, retryBatch, sealBatch } from "../api/api.js";
import { sleep } from "../api/link.js";
import { adopt } from "./photos.js";
import { text } from "../ui/strings.js";

const FROM = 20;
/** Names of devices on Windows, whatever follows a dot. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])( *(?:\.|$))/i;
/** Albums being sent, by the drop's own id: the name, the promise of the batch, and the item names in use. */
const drops = new Map();
const names = new Map();
const paused = new Set();

/** Open an album for this many photographs, if they are enough. */
export const openDrop = (incoming) => (incoming.length < FROM ? null : openAlbum(incoming[0].folder.split("/")[0] || text.sheet.albumOf(new Date())));

/** Open an album whose batch begins with these options. */
export function openAlbum(name, options = {}) {
  const id = `${Date.now()}-${drops.size}`;
  drops.set(id, { name, options, batch: null, taken: new Set() });
  return id;
}

/** Where to send a photograph of an open album: `{ batch, item }`, or null for a single job. */
export async function placeOf(photo) {
  const drop = drops.get(photo.drop);
  if (!drop) return null;
  drop.batch ??= createBatch(drop.name, drop.options).then(({ id, name }) => (names.set(id, name), id));
  try {
    photo.batch = await drop.batch;
  } catch (problem) {
    drop.batch = null;
    throw problem;
  }
  photo.item ??= freeName([photo.folder, photo.name].filter(Boolean).join("/"), drop.taken);
  return { batch: photo.batch, item: photo.item };
}

export async function closeDrop(id) {
  const drop = drops.get(id);
  drops.delete(id);
  if (drop?.batch) await drop.batch.then(sealBatch).catch(() => {});
}

/** Load the service's albums; seal one that an earlier page left open, since its files are gone. */
export async function meetAlbums(isOurs) {
  for await (const batches of listBatches()) {
    for (const { id, name, sealed_at, canceled_at, state } of batches) {
      names.set(id, name);
      remember(id, state === "paused");
      if (!sealed_at && !canceled_at && isOurs(id)) void sealBatch(id).catch(() => {});
    }
  }
}

export const albumName = (id) => names.get(id) || text.sheet.album;

export const isPaused = (id) => paused.has(id);
const remember = (id, on) => (on ? paused.add(id) : paused.delete(id));

export async function pauseAlbum(id, on) {
  await (on ? pauseBatch : resumeBatch)(id);
  remember(id, on);
}

export const stopAlbum = (id) => change(id, cancelBatch).then(() => remember(id, false));
export const retryAlbum = (id) => change(id, retryBatch);

/** Make one call for thousands of items, then look at all of them. */
async function change(id, call) {
  await call(id);
  await sleep(800);
  for await (const records of listItems(id)) records.forEach(adopt);
}

/** A path that is valid on every system: no special characters, no part that begins with `-`, `~` or a blank, that ends in a dot or a blank or is a device. */
function freeName(path, taken) {
  const safe = path.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069<>:"|?*\\]/g, "_").split("/").map((part) => part.replace(/^[-~ ]/, "_").replace(/[ .]+$/, "_").replace(DEVICE, "$1_$3") || "_").join("/");
  return unique(safe, taken);
}

/** Add a name to those taken, with a number if it is: two scans with the same name must not become one file. */
export function unique(name, taken) {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let free = name;
  const key = () => free.normalize("NFC").toLowerCase();
  for (let n = 2; taken.has(key()); n += 1) free = `${stem} (${n})${ending}`;
  taken.add(key());
  return free;
}
