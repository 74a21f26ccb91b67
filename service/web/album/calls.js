import { base, call, json } from "../api/api.js";
import { UNFINISHED } from "../photos/photos.js";

const page = (id) => `${base}v1/pages/${encodeURIComponent(id)}`;
const body = (method, value, headers = {}) => ({ method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(value) });

/** Send a scan, and wait until its photographs are found; `begun(id)` is called when the service has it. */
export async function findPhotographs(file, key, signal, begun) {
  const form = new FormData();
  form.append("photo", file, file.name);
  const record = await call(`${base}v1/pages`, { method: "POST", body: form, headers: { "Idempotency-Key": key }, signal }).then(json);
  begun(record.id);
  return finished(record, signal);
}

export const readPage = (id, signal) => call(page(id), { cache: "no-store", signal }).then(json);

export async function finished(record, signal) {
  while (UNFINISHED.has(record.state)) {
    record = await call(page(record.id), { headers: { Prefer: "wait=20" }, cache: "no-store", signal }).then(json);
  }
  return record;
}

export const putFrames = (id, pages) => call(`${page(id)}/frames`, body("PUT", { pages })).then(json);
export const startBatch = (id, key, options) => call(`${page(id)}/batch`, body("POST", options, { "Idempotency-Key": key })).then(json);
export const deletePage = (id) => call(page(id), { method: "DELETE", keepalive: true }, [404]);
