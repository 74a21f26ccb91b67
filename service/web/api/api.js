export class Problem extends Error {
  constructor(code, detail, { status = 0, retryAfter = 0 } = {}) {
    super(detail || code);
    Object.assign(this, { code, detail, status, retryAfter });
  }

  /** Whether a retry soon with the same bytes can help; a daily quota returns only at midnight. */
  get passing() {
    if (this.code === "quota-exceeded") return false;
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/** Where the service is on its host: `/`, or the path under which a proxy serves it. */
export const base = new URL("../../../", import.meta.url).pathname;
const job = (id) => `${base}v1/jobs/${encodeURIComponent(id)}`;
const batch = (id) => `${base}v1/batches/${encodeURIComponent(id)}`;
export const urls = {
  archive: (id) => `${batch(id)}/archive.zip`,
  result: (id) => `${job(id)}/result`,
  original: (id) => `${job(id)}/original`,
  preview: (id) => `${job(id)}/preview`,
  originalPreview: (id) => `${job(id)}/preview?of=original`,
  confidence: (id) => `${job(id)}/confidence`,
  repairs: (id) => `${job(id)}/repairs`,
  reference: (id) => `${job(id)}/reference`,
};

/** What the loaded models take; unknown while none is loaded. */
export async function capabilities() {
  const models = await json(await call(`${base}v1/models`, { cache: "no-store" }));
  if (!models.length) return {};
  const all = (name) => models.every(({ capabilities }) => capabilities?.includes(name));
  return { hints: all("hints"), palette: all("palette") };
}

/** `{ ready, present, suggestions }` for a spot of a finished job. */
export const suggestionsAt = (id, x, y) => call(`${job(id)}/suggestions?${new URLSearchParams({ x, y })}`, { cache: "no-store" }).then((response) => response.json());

/** Upload one photograph, by itself or as `{ batch, item }`; `onsent` gets the share that is sent, 0 to 1. */
export function createJob(file, options, { key, signal, onsent, place = null, reference = null, mask = null }) {
  const form = new FormData();
  const { hints = [], consistency, ...knobs } = options;
  for (const [name, value] of Object.entries(knobs)) form.append(name, value);
  // Only a batch has others to be consistent with.
  if (place && consistency) form.append("consistency", consistency);
  if (hints.length) form.append("hints", JSON.stringify(hints));
  if (reference) form.append("reference", reference, reference.name);
  if (mask) form.append("repair_mask", mask, "mask.png");
  form.append("photo", file, file.name);
  const [method, url] = place ? ["PUT", `${batch(place.batch)}/items/${place.item.split("/").map(encodeURIComponent).join("/")}`] : ["POST", `${base}v1/jobs`];
  const attempt = () => new Promise((resolve, reject) => {
    // fetch cannot report how much of a body is sent.
    const request = new XMLHttpRequest();
    request.open(method, url);
    // An item needs no idempotency key: its name and bytes identify it.
    if (!place) request.setRequestHeader("Idempotency-Key", key);
    request.responseType = "text";
    request.upload.onprogress = (event) => event.lengthComputable && onsent?.(event.loaded / event.total);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Problem("unreachable"));
    request.onabort = () => reject(new Problem("aborted", "", { status: -1 }));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
  return withKey(attempt).then((request) => {
    if (request.status < 300) return JSON.parse(request.responseText);
    throw problem(request.status, request.responseText, request.getResponseHeader("Retry-After"));
  });
}

/** Null when it has not changed since `etag`. */
export async function readJob(id, etag) {
  const response = await call(job(id), { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" }, [304]);
  if (response.status === 304) return null;
  return { record: await response.json(), etag: response.headers.get("ETag") };
}

export async function finishedJob(id) {
  for (;;) {
    const record = await json(await call(job(id), { headers: { Prefer: "wait=20" }, cache: "no-store" }));
    if (!["queued", "running", "retrying", "canceling"].includes(record.state)) return record;
  }
}

async function* pages(url) {
  for (let cursor = null; ; ) {
    const { items, next_cursor } = await call(`${url}?${new URLSearchParams({ limit: "200", ...(cursor ? { cursor } : {}) })}`).then(json);
    yield items;
    if (!(cursor = next_cursor)) return;
  }
}

export const listJobs = () => pages(`${base}v1/jobs`);
export const listBatches = () => pages(`${base}v1/batches`);
export const listItems = (id) => pages(`${batch(id)}/items`);

const post = (url, fine) => call(url, { method: "POST" }, fine);
const jsonBody = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const createBatch = (name, options) => call(`${base}v1/batches`, jsonBody({ name, options })).then(json);
export const sealBatch = (id) => post(`${batch(id)}:seal`, [404]);
export const cancelBatch = (id) => post(`${batch(id)}:cancel`);
export const pauseBatch = (id) => post(`${batch(id)}:pause`);
export const resumeBatch = (id) => post(`${batch(id)}:resume`);
export const retryBatch = (id) => post(`${batch(id)}:retry-failed`);

export const cancelJob = (id) => post(`${job(id)}:cancel`).then(json);
export const retryJob = (id) => post(`${job(id)}:retry`).then(json);
export const deleteJob = (id) => call(job(id), { method: "DELETE", keepalive: true }, [404]);
export const isUp = () => call(`${base}healthz`, { cache: "no-store" });
export const fetchBlob = (url, signal) => call(url, { signal }).then((response) => response.blob());

/** Call `onchange` whenever the job may have changed; returns a function that stops it. */
export function listen(id, onchange) {
  const source = new EventSource(`${job(id)}/events`);
  // The stream only notifies: the record is always read by the function above.
  for (const type of ["job", "deleted"]) source.addEventListener(type, onchange);
  return () => source.close();
}

let askForKey = null;
let [asking, taken] = [null, 0];

export function onKeyWanted(ask) {
  askForKey = ask;
}

/** The service sets a cookie, which the browser also sends for pictures, downloads and events. */
export const openSession = (key) => call(`${base}v1/session`, jsonBody({ key }), [], null);

export const closeSession = () => call(`${base}v1/session`, { method: "DELETE" });

export const isSignedIn = () => call(`${base}v1/limits`).then(json).then(({ allowance }) => Boolean(allowance));

/** Repeat a call that was refused without a key, once there is one; all calls wait for the same key. */
async function withKey(attempt, ask = askForKey) {
  for (;;) {
    const before = taken;
    const answer = await attempt();
    if (answer.status !== 401 || !ask) return answer;
    // No second question for a call that was sent before another one obtained a key.
    if (before === taken) await (asking ??= ask().then(() => ((taken += 1), (asking = null))));
  }
}

export async function call(url, init = {}, fine = [], ask = askForKey) {
  let response;
  try {
    response = await withKey(() => fetch(url, init), ask);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem("unreachable");
  }
  if (response.ok || fine.includes(response.status)) return response;
  throw problem(response.status, await response.text(), response.headers.get("Retry-After"));
}

export const json = (response) => (response.status === 204 ? null : response.json());

function problem(status, body, retryAfter) {
  let said = {};
  try {
    said = JSON.parse(body);
  } catch {
    // A proxy's error page: only the status is known.
  }
  const code = said.code ?? { 401: "needs-key", 403: "needs-key", 413: "photo-too-large", 415: "unsupported-format", 507: "storage-full" }[status];
  return new Problem(code ?? "other", said.detail, { status, retryAfter: Number(retryAfter) || 0 });
}
