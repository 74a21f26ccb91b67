import { say } from "./ui/dom.js";
import * as photos from "./photos/photos.js";
import { text } from "./ui/strings.js";
import { errorWords } from "./photos/wording.js";

const told = new Map();

export function announce(touched, numbers) {
  const ended = [];
  for (const photo of touched ?? []) {
    // A photograph or a version may be deleted between the change and this update.
    const state = photos.get(photo.id) && photos.current(photo)?.state;
    if (!state) continue;
    if (told.has(photo.id) && told.get(photo.id) !== state && ["succeeded", "failed"].includes(state)) ended.push(photo);
    told.set(photo.id, state);
  }
  if (ended.length && !numbers.working && numbers.all > 1) return say(text.say.allDone);
  if (numbers.working > 5 || !ended.length) return;
  const [photo] = ended;
  const failed = photos.group(photo) === "failed";
  say(failed ? text.say.failed(photo.name, errorWords(photos.current(photo))) : text.say.done(photo.name), { urgent: failed });
}
