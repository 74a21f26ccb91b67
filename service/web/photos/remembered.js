import { base } from "../api/api.js";

const open = new Promise((resolve) => {
  // All paths of a host share its databases; services under several have one each.
  const request = indexedDB.open(`photochrom${base.slice(0, -1)}`, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("photos", { keyPath: "id" });
    request.result.createObjectStore("thumbs");
  };
  request.onsuccess = () => resolve(request.result);
  // Some private windows have no IndexedDB: the page then remembers only while it is open.
  request.onerror = () => resolve(null);
});

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function store(name, mode) {
  const database = await open;
  return database && database.transaction(name, mode).objectStore(name);
}

export async function keptPhotos() {
  const photos = await store("photos", "readonly");
  return photos ? done(photos.getAll()) : [];
}

export async function keptThumb(key) {
  const thumbs = await store("thumbs", "readonly");
  return thumbs ? done(thumbs.get(key)) : undefined;
}

export async function keepThumb(key, blob) {
  await (await store("thumbs", "readwrite"))?.put(blob, key);
}

export async function forget(photo) {
  await (await store("photos", "readwrite"))?.delete(photo.id);
  await forgetThumbsOf(`${photo.id}/`);
}

/** Forget the thumbnails whose keys begin so. */
export async function forgetThumbsOf(prefix) {
  await (await store("thumbs", "readwrite"))?.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`));
}

/** Notes about this service, each a value that JSON can hold. */
const NOTES = `photochrom${base} `;
/** Whoever signs out leaves nothing, not even on the way. */
let forgotten = false;

/** Note something in "localStorage" or "sessionStorage"; null forgets it. */
export function note(storage, name, value) {
  if (forgotten) return;
  try {
    if (value === null) window[storage].removeItem(NOTES + name);
    else window[storage].setItem(NOTES + name, JSON.stringify(value));
  } catch {
    // No storage allowed, or it is full: it lasts while the page is open.
  }
}

export function noted(storage, name) {
  try {
    return JSON.parse(window[storage].getItem(NOTES + name));
  } catch {
    return null;
  }
}

/** The names of the notes in a storage that begin so. */
export function namesNoted(storage, beginning = "") {
  try {
    return Object.keys(window[storage]).filter((name) => name.startsWith(NOTES + beginning)).map((name) => name.slice(NOTES.length));
  } catch {
    return [];
  }
}

export async function forgetAll() {
  for (const storage of ["localStorage", "sessionStorage"]) for (const name of namesNoted(storage)) note(storage, name, null);
  forgotten = true;
  clearTimeout(timer);
  timer = 0;
  waiting.clear();
  for (const name of ["photos", "thumbs"]) {
    const all = await store(name, "readwrite");
    if (all) await done(all.clear());
  }
}

const waiting = new Map();
let timer = 0;

/** Save a photograph soon; five hundred changes at once become one transaction. */
export function keep(id, plain) {
  waiting.set(id, plain);
  timer ||= setTimeout(flush, 150);
}

export function keepNot(id) {
  waiting.delete(id);
}

export async function flush() {
  timer = 0;
  const batch = [...waiting.values()];
  waiting.clear();
  const photos = await store("photos", "readwrite");
  for (const plain of batch) photos?.put(plain());
}
