import { Problem, createJob, fetchBlob, urls } from "../api/api.js";
import { closeDrop, placeOf } from "./albums.js";
import { isLinked, linked, onLink, sleep } from "../api/link.js";
import { fileOf, setVersion, update } from "./photos.js";
import { lenderFile } from "./pictures.js";

const AT_ONCE = 3;
const sending = new Map();
let queue = [];
let holdUntil = 0;

export function send(pairs) {
  queue.push(...pairs);
  pump();
}

export const unsent = () => queue.length + sending.size;

export function unsend(version) {
  const dropped = queue.find(([, waiting]) => waiting === version)?.[0].drop;
  queue = queue.filter(([, waiting]) => waiting !== version);
  sending.get(version)?.stop.abort();
  closeIfSent(dropped);
}

/** Seal an album when none of it is waiting or being sent. */
function closeIfSent(drop) {
  if (!drop || queue.some(([photo]) => photo.drop === drop)) return;
  if ([...sending.values()].some(({ photo }) => photo.drop === drop)) return;
  void closeDrop(drop);
}

/** Start; `onsent` is called each time the service has accepted one more. */
export function start(onsent) {
  sent = onsent;
  onLink((up) => up && pump());
  addEventListener("beforeunload", (event) => unsent() && event.preventDefault());
}

let sent = () => {};

function pump() {
  while (isLinked() && sending.size < AT_ONCE && queue.length && Date.now() >= holdUntil) void sendOne(...queue.shift());
}

async function sendOne(photo, version) {
  const stop = new AbortController();
  sending.set(version, { photo, stop });
  setVersion(photo, version, { state: "sending", sent: 0, error: null });
  const onsent = (part) => setVersion(photo, version, { sent: part });
  try {
    const [file, place] = [await fileFor(photo), await placeOf(photo)];
    const reference = version.lender && (await lenderFile(version.lender));
    const record = await createJob(file, version.options, { key: version.key, signal: stop.signal, onsent, place, reference, mask: version.mask });
    linked(true);
    update(photo, version, record);
    sent();
  } catch (problem) {
    if (problem.code !== "aborted") refused(photo, version, problem);
  } finally {
    sending.delete(version);
    closeIfSent(photo.drop);
    pump();
  }
}

/** The original, from this page's memory or from the service. */
async function fileFor(photo) {
  const file = fileOf(photo);
  if (file) return readable(file);
  const job = photo.versions.find((version) => version.job)?.job;
  if (!job) throw new Problem("original-gone", "", { status: 410 });
  return new File([await fetchBlob(urls.original(job))], photo.name, { type: photo.type });
}

/** Fail at once, with a clear message, for a file that was moved: the browser would only say "network error". */
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return file;
  } catch {
    throw new Problem("file-unreadable", "", { status: 400 });
  }
}

function refused(photo, version, problem) {
  if (problem.status === 409 && photo.drop) {
    // Its album was sealed or canceled meanwhile: send it as a single job.
    photo.drop = null;
    return resend(photo, version);
  }
  if (!problem.passing) {
    return setVersion(photo, version, { state: "failed", error: { code: problem.code, detail: problem.detail } });
  }
  setVersion(photo, version, { state: "unsent", sent: 0, error: problem.status ? { code: problem.code } : null });
  queue.unshift([photo, version]);
  if (problem.status === 0) return linked(false);
  holdUntil = Date.now() + Math.max(1, problem.retryAfter) * 1000;
  void sleep(holdUntil - Date.now()).then(pump);
}

/** Queue a refused photograph again, if this page still has its file. */
export function resend(photo, version) {
  if (!fileOf(photo)) return false;
  photo.drop = null;
  setVersion(photo, version, { state: "unsent", error: null, job: null });
  send([[photo, version]]);
  return true;
}

