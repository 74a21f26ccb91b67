import { fetchBlob } from "../api/api.js";
import { keepThumb, keptThumb } from "./remembered.js";
import { sleep } from "../api/link.js";
import { placesOf } from "./pictures.js";

const SIDE = 512;
const IN_MEMORY = 400;
const SHOWN = /jpeg|png|webp/;
const ready = new Map();
const failed = new Set();
const wanted = new Map();
let idle = [];
let started = 0;

const keyOf = (photo, version) => `${photo.id}/${version ? version.key : "original"}`;

/** The thumbnail's address if it is ready, null if it cannot be made, undefined while it is being made. */
export function thumb(photo, version, onready) {
  const key = keyOf(photo, version);
  if (ready.has(key)) return recent(key);
  if (failed.has(key)) return null;
  // Move the request to the end: the last one is served first, because the visitor is looking at it now.
  const callbacks = wanted.get(key)?.callbacks ?? new Set();
  callbacks.add(onready);
  wanted.delete(key);
  wanted.set(key, { photo, version, callbacks });
  pump();
  return undefined;
}

export function unwant(photo, onready) {
  for (const [key, { photo: other, callbacks }] of wanted) {
    if (other === photo && callbacks.delete(onready) && !callbacks.size) wanted.delete(key);
  }
}

export function forgetThumbs(photo) {
  for (const key of [...ready.keys()].filter((key) => key.startsWith(`${photo.id}/`))) {
    URL.revokeObjectURL(ready.get(key));
    ready.delete(key);
  }
}

function recent(key) {
  const url = ready.get(key);
  ready.delete(key);
  ready.set(key, url);
  return url;
}

function pump() {
  while (wanted.size && (idle.length || started < workersAllowed())) {
    const [key, order] = [...wanted].at(-1);
    wanted.delete(key);
    void serve(idle.pop() ?? newWorker(), key, order);
  }
}

const workersAllowed = () => Math.min(4, Math.max(1, (navigator.hardwareConcurrency || 2) >> 1));

function newWorker() {
  started += 1;
  return new Worker(new URL("thumbs-worker.js", import.meta.url), { type: "module" });
}

async function serve(worker, key, { photo, version, callbacks }) {
  let blob;
  try {
    blob = await keptThumb(key).catch(() => undefined);
    if (!blob) {
      blob = await make(worker, photo, version);
      void keepThumb(key, blob).catch(() => {});
    }
    remember(key, URL.createObjectURL(blob));
  } catch (problem) {
    if (problem.passing) await sleep(3000);
    else failed.add(key);
  }
  idle.push(worker);
  for (const callback of callbacks) callback();
  pump();
}

/** Make it from the first place, of the smallest picture, that this browser can read. */
async function make(worker, photo, version) {
  const { file, full, reduced } = placesOf(photo, version);
  let failure = new Error("nothing at hand");
  for (const source of [file, (version || !SHOWN.test(photo.type)) && reduced, full].filter(Boolean)) {
    try {
      return await shrink(worker, source === file ? file : await fetchBlob(source));
    } catch (problem) {
      if (problem.passing) throw problem;
      failure = problem;
    }
  }
  throw failure;
}

const shrink = (worker, blob) => new Promise((resolve, reject) => {
  worker.onmessage = ({ data: { thumb, failure } }) => (thumb ? resolve(thumb) : reject(new Error(failure)));
  worker.postMessage({ blob, side: SIDE });
});

function remember(key, url) {
  ready.set(key, url);
  if (ready.size <= IN_MEMORY) return;
  const [oldest, address] = ready.entries().next().value;
  ready.delete(oldest);
  URL.revokeObjectURL(address);
}
