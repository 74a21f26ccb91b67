import { cancelJob, deleteJob, retryJob } from "../api/api.js";
import { say, write } from "../ui/dom.js";
import { UNFINISHED, addVersion, current, dropVersion, remove, setVersion, update } from "./photos.js";
import { resend, send, unsend } from "./sender.js";
import { text } from "../ui/strings.js";
import { forgetThumbs } from "./thumbs.js";
import { look } from "./watcher.js";

export async function retry(photo) {
  const version = current(photo);
  if (!version.job) return void resend(photo, version);
  try {
    update(photo, version, await retryJob(version.job));
    look();
  } catch (problem) {
    // Its original is gone from the server, but this page may still have it.
    if (resend(photo, version)) return;
    setVersion(photo, version, { error: { code: problem.code, detail: problem.detail } });
  }
}

export async function cancel(photo) {
  const version = current(photo);
  if (!version.job) {
    unsend(version);
    return setVersion(photo, version, { state: "canceled" });
  }
  try {
    update(photo, version, await cancelJob(version.job));
  } catch {
    // It was already done; the next look shows it.
  }
  look();
}

export function again(photo, options, lender, mask) {
  const version = addVersion(photo, options, lender, mask);
  send([[photo, version]]);
  return version;
}

let complain = () => {};

/** Set `show(sentence)`, which shows errors that do not belong to a single photograph. */
export function onTrouble(show) {
  complain = show;
}

export const canCancel = ({ state }) => UNFINISHED.has(state) && !["canceling", "matching"].includes(state);
export const canRetry = (photo) => ["failed", "canceled"].includes(current(photo).state);

/** Ask, then delete; resolves to true when it was done. */
export async function removeAsking(photos) {
  const { heading, lead } = text.remove;
  if (!photos.length || !(await confirm(heading(photos.length), lead(photos.length)))) return false;
  const gone = (await Promise.all(photos.map(erase))).filter(Boolean).length;
  if (gone) say(text.say.removed(gone));
  if (gone < photos.length) complain(text.remove.failed(photos.length - gone));
  return gone > 0;
}

/** Ask, then delete one of several versions; resolves to true when it was done. */
export async function removeVersionAsking(photo, version) {
  const n = photo.versions.indexOf(version) + 1;
  if (!(await confirm(text.remove.version(n), text.remove.versionLead))) return false;
  if (!(await eraseJobs([version]))) return complain(text.remove.versionFailed);
  dropVersion(photo, version);
  say(text.say.versionRemoved(n));
  return true;
}

async function eraseJobs(versions) {
  versions.forEach(unsend);
  const jobs = versions.map((version) => version.job).filter(Boolean);
  const answers = await Promise.allSettled(jobs.map(deleteJob));
  return answers.every(({ status }) => status === "fulfilled");
}

async function erase(photo) {
  if (!(await eraseJobs(photo.versions))) return false;
  forgetThumbs(photo);
  remove(photo);
  return true;
}

async function confirm(heading, lead) {
  const dialog = document.getElementById("ask");
  write(document.getElementById("ask-heading"), heading);
  write(document.getElementById("ask-lead"), lead);
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "yes";
}
