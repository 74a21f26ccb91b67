import { forget, forgetThumbsOf, keep, keepNot, keptPhotos } from "./remembered.js";

export const UNFINISHED = new Set(["unsent", "sending", "queued", "running", "retrying", "canceling", "matching"]);
export const DEFAULTS = Object.freeze({ vividness: "auto", temperature: 0.38, strength: 1 });

const photos = new Map();
const files = new Map();
const byJob = new Map();
/** Photographs by the original's hash and name, to find where another version belongs. */
const bySource = new Map();
const listeners = new Set();
const touched = new Set();
let structural = false;
let scheduled = false;
let sorted = null;

/** Call `listener({ touched, structural })` when photographs changed, a few times a second at most. */
export function watch(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** The newest first; those that were added together in their order, or by name where another browser added them. */
export const all = () => (sorted ??= [...photos.values()].sort((a, b) => b.added - a.added || a.rank - b.rank || byName(a.folder, b.folder) || byName(a.name, b.name)));
export const get = (id) => photos.get(id);
export const fileOf = (photo) => files.get(photo.id);

const albumTimes = new Map();

/** When it was added; the photographs of an album were added together. */
function timeOf({ batch_id: album, created_at }) {
  if (album && !albumTimes.has(album)) albumTimes.set(album, Date.parse(created_at));
  return albumTimes.get(album) ?? (Date.parse(created_at) || 0);
}

export const knownJobs = () => [...byJob.keys()];

export function lose(jobId) {
  if (byJob.has(jobId)) dropVersion(byJob.get(jobId), versionOf(jobId));
}

/** A key by which the service knows an upload that is sent again. */
export const newKey = () => crypto.randomUUID?.() ?? randomKey();

function newVersion(options = {}, lender = null) {
  return { key: newKey(), job: null, state: "unsent", options: { ...DEFAULTS, hints: [], ...options }, lender, sent: 0, error: null, record: null };
}

/** Add files as photographs, in the order given; `added` and `first` keep the parts of one drop together. */
export function addFiles(incoming, { added, first, drop }) {
  return incoming.map(({ file, folder }, index) => {
    const rank = first + index;
    const photo = { id: newVersion().key, name: file.name || "pasted.png", bytes: file.size, type: file.type, folder, drop, batch: null, added, rank, versions: [newVersion()], chosen: null };
    files.set(photo.id, file);
    return insert(photo);
  });
}

/** Show a job made elsewhere: a new photograph, or a version of the one with the same original. */
export function adopt(record) {
  if (record.kind === "page") return;
  if (byJob.has(record.id)) return update(byJob.get(record.id), versionOf(record.id), record);
  const version = { ...newVersion(record.options), job: record.id, record };
  const { name } = record.original;
  const sibling = bySource.get(sourceOf(record));
  const photo = sibling ?? {
    id: `job-${record.id}`,
    name,
    bytes: record.original.bytes,
    type: record.original.media_type,
    folder: record.item?.split("/").slice(0, -1).join("/") ?? "",
    batch: record.batch_id ?? null,
    added: timeOf(record),
    rank: 0,
    versions: [],
    chosen: null,
  };
  photo.versions.push(version);
  photo.versions.sort((a, b) => age(a) - age(b));
  byJob.set(record.id, photo);
  if (!sibling) insert(photo);
  update(photo, version, record);
}

export function update(photo, version, record, etag = null) {
  const before = version.state;
  Object.assign(version, { record, etag, job: record.id, state: stateOf(record), error: record.error ?? null });
  if (record.options) version.options = pick(record.options);
  if (record.reference) version.lender = { id: record.reference.sha256, ...version.lender, name: record.reference.name, job: record.id };
  const other = byJob.get(record.id);
  // It was listed before our own answer came: it is this one.
  if (other && other !== photo) dropVersion(other, versionOf(record.id));
  photo.batch = photo.versions.findLast((one) => one.record?.batch_id)?.record.batch_id ?? photo.batch;
  byJob.set(record.id, photo);
  bySource.set(sourceOf(record), photo);
  touch(photo);
  return before !== version.state;
}

export function setVersion(photo, version, changes) {
  Object.assign(version, changes);
  touch(photo);
}

/** `lender` is the photograph that lends its palette: `{ id, name, file }`, or with its `job` in place of a file; `mask` says where to repair. */
export function addVersion(photo, options, lender = null, mask = null) {
  const version = { ...newVersion(options, lender), mask };
  photo.versions.push(version);
  touch(photo);
  return version;
}

export function choose(photo, key) {
  photo.chosen = key;
  touch(photo);
}

export function remove(photo) {
  photos.delete(photo.id);
  files.delete(photo.id);
  for (const version of photo.versions) {
    byJob.delete(version.job);
    if (version.record) bySource.delete(sourceOf(version.record));
  }
  keepNot(photo.id);
  void forget(photo);
  touch(photo, true);
}

export function dropVersion(photo, version) {
  // An answer that comes late speaks of one that is dropped already.
  if (!photo.versions.includes(version)) return;
  if (photo.versions.length === 1) return remove(photo);
  photo.versions = photo.versions.filter((other) => other !== version);
  byJob.delete(version.job);
  void forgetThumbsOf(`${photo.id}/${version.key}`);
  touch(photo);
}

/** The version that represents the photograph: the chosen one, else the newest finished one, else the newest. */
export function best(photo) {
  const newest = photo.versions.findLast((version) => version.state === "succeeded");
  return photo.versions.find((version) => version.key === photo.chosen) ?? newest ?? photo.versions.at(-1);
}

/** The version whose state the card shows: one in progress goes before the best one. */
export const current = (photo) => photo.versions.findLast((version) => UNFINISHED.has(version.state)) ?? best(photo);

export function group(photo) {
  const { state } = current(photo);
  if (UNFINISHED.has(state)) return "working";
  return { succeeded: "done", expired: "gone", canceled: "stopped" }[state] ?? "failed";
}

/** Versions that were never sent are lost: their files went with the old page. */
export async function restore() {
  for (const kept of await keptPhotos().catch(() => [])) {
    kept.versions = kept.versions.filter((version) => version.job);
    if (!kept.versions.length) {
      void forget(kept);
      continue;
    }
    for (const version of kept.versions) {
      byJob.set(version.job, kept);
      if (version.record) bySource.set(sourceOf(version.record), kept);
    }
    photos.set(kept.id, kept);
  }
  sorted = null;
  structural = true;
  schedule();
}

function insert(photo) {
  photos.set(photo.id, photo);
  touch(photo, true);
  return photo;
}

function touch(photo, isStructural = false) {
  touched.add(photo);
  if (isStructural) {
    structural = true;
    sorted = null;
  }
  if (photos.has(photo.id)) keep(photo.id, () => plain(photo));
  schedule();
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  // Not requestAnimationFrame: a page in the background must keep working.
  setTimeout(() => {
    scheduled = false;
    const change = { touched: new Set(touched), structural };
    touched.clear();
    structural = false;
    for (const listener of listeners) listener(change);
  }, 40);
}

/** In colour, but not yet in those of its set. */
const stateOf = ({ state, options, series }) => (state === "succeeded" && options?.consistency && !series ? "matching" : state);
const versionOf = (jobId) => byJob.get(jobId).versions.find((version) => version.job === jobId);
// A version that is not sent yet counts as the newest.
const age = (version) => Date.parse(version.record?.created_at) || Infinity;
const sourceOf = ({ original }) => `${original.sha256} ${original.name}`;
const PICKED = "vividness temperature strength light film repair levels color own_color negative turn mirror deskew consistency".split(" ");
const pick = (options) => Object.fromEntries([...PICKED.map((name) => [name, options[name]]), ["hints", options.hints ?? []]]);
const plain = (photo) => ({ ...photo, drop: null, versions: photo.versions.map((version) => ({ ...version, etag: null, mask: null, lender: version.lender && { ...version.lender, file: null } })) });

// Without TLS, as on another machine of a home network, there is no crypto.randomUUID.
const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
