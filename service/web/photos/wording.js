import { isPaused } from "./albums.js";
import { text } from "../ui/strings.js";

export function stateWords(version) {
  const { state, record, place } = version;
  if (state === "sending") return text.state.sending(Math.floor(version.sent * 100));
  if (state === "unsent" && version.error) return text.state.held;
  if (state === "queued" && isPaused(record?.batch_id)) return text.state.paused;
  if (state === "queued" && place) return text.state.place(place);
  if (state === "running" && record?.progress) return text.stage[record.progress.stage] ?? text.state.running;
  if (state === "succeeded" && version.options.color === "off") return text.state.restored;
  return text.state[state] ?? state;
}

/** Why it failed: our own sentence for codes that we know, else the service's. */
export function errorWords(version) {
  if (version.state === "canceled") return text.state.canceled;
  if (version.state === "expired") return text.error.expired;
  const { code, detail } = version.error ?? {};
  const special = ["unsupported-format", "photo-too-large", "photo-rejected"].includes(code) && detail;
  return special || text.error[code] || detail || text.error.other;
}

export function progressOf(version) {
  const { state, record } = version;
  if (state === "unsent" || state === "sending") return version.sent * 0.2;
  if (state === "queued" || state === "retrying") return 0.2;
  if (state === "running" && record?.progress) return 0.25 + (0.7 * record.progress.done) / Math.max(1, record.progress.total);
  return { matching: 0.9, succeeded: 1 }[state] ?? 0.2;
}

export function kindOf(photo) {
  const ending = /\.([a-z0-9]{2,4})$/i.exec(photo.name)?.[1];
  return (ending ?? photo.type.split("/")[1] ?? "?").toUpperCase().replace("JPG", "JPEG").replace(/^TIF$/, "TIFF");
}

export const resultName = (photo, version) => version.record?.result?.name ?? photo.name;
