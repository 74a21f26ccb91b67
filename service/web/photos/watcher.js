import { isUp, listen, readJob } from "../api/api.js";
import { isLinked, linked, sleep } from "../api/link.js";
import { UNFINISHED, all, dropVersion, setVersion, update } from "./photos.js";

const LEAST = 6;
const MOST = 48;
const QUICK = 350;
const SLOW = 4000;
const IDLE = 20000;

let wake = () => {};
let pace = QUICK;
let opened = null;
let stopListening;
let atOnce = LEAST;

export function look() {
  pace = QUICK;
  wake();
}

/** Give this photograph priority, and follow it by events. */
export function follow(photo) {
  opened = photo;
  stopListening?.();
  const version = photo?.versions.findLast(isAwaited);
  stopListening = version && listen(version.job, look);
  look();
}

export async function start() {
  addEventListener("online", look);
  addEventListener("offline", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  for (;;) {
    // Made before the look, so that a call during it counts.
    const woken = new Promise((resolve) => (wake = resolve));
    await tick();
    await Promise.race([sleep(delay()), woken]);
  }
}

function delay() {
  if (!isLinked()) return (pace = Math.min(pace * 1.6, 8000));
  // Without a network, a service on this machine still answers.
  if (!waiting().length) return navigator.onLine ? IDLE : SLOW;
  return document.hidden ? Math.max(pace, SLOW) : pace;
}

async function tick() {
  const line = waiting();
  try {
    if (!line.length || !isLinked()) await isUp();
    const looked = line.slice(0, atOnce);
    const moved = await Promise.all(looked.map(([photo, version]) => read(photo, version)));
    linked(true);
    // If all jobs just read have finished, more may have: read more at once.
    const over = looked.every(([, version]) => !UNFINISHED.has(version.state));
    atOnce = over ? Math.min(MOST, atOnce * 2) : Math.max(LEAST, atOnce >> 1);
    pace = moved.some(Boolean) ? QUICK : Math.min(pace * 1.4, SLOW);
    if (line.length > looked.length) estimatePlaces(line);
  } catch (problem) {
    if (problem.status === 0) linked(false);
    else pace = Math.min(pace * 2, 8000);
  }
}

const isAwaited = ({ job, state }) => job && UNFINISHED.has(state);

/** Unfinished versions that the service has, the most interesting first. */
function waiting() {
  const line = [];
  for (const photo of all()) {
    for (const version of photo.versions) if (isAwaited(version)) line.push([photo, version]);
  }
  return line.sort((a, b) => interest(a) - interest(b));
}

function interest([photo, version]) {
  if (photo === opened) return -2;
  if (version.state === "matching") return Number.MAX_VALUE;
  if (version.state !== "queued") return -1;
  return version.place ?? (Date.parse(version.record?.created_at) || photo.added);
}

async function read(photo, version) {
  try {
    const answer = await readJob(version.job, version.etag);
    if (!answer) return false;
    const { record, etag } = answer;
    // The service counts the jobs ahead; people count from one.
    version.place = record.queue_position == null ? null : record.queue_position + 1;
    return update(photo, version, record, etag) || record.state === "running";
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    // Deleted elsewhere: there is nothing left to show.
    dropVersion(photo, version);
    return true;
  }
}

/** Jobs not read this time follow those that were. */
function estimatePlaces(line) {
  const queued = line.filter(([, version]) => version.state === "queued");
  const first = queued[0]?.[1].place;
  if (!first) return;
  queued.forEach(([photo, version], index) => version.place !== first + index && setVersion(photo, version, { place: first + index }));
}
