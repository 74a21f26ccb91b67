import * as actions from "../photos/actions.js";
import * as albums from "../photos/albums.js";
import * as photos from "../photos/photos.js";
import { say } from "../ui/dom.js";
import { text } from "../ui/strings.js";
import * as watcher from "../photos/watcher.js";

const isWorking = (photo) => photos.group(photo) === "working";

/** `redraw()` is called after changes outside the photographs' states. */
export function makeMany({ shown, redraw }) {
  const albumsAtWork = () => new Set(shown().filter((photo) => photo.batch && isWorking(photo)).map((photo) => photo.batch));

  async function pause(on) {
    const wanted = [...albumsAtWork()].filter((id) => albums.isPaused(id) !== on);
    const done = await Promise.allSettled(wanted.map((id) => albums.pauseAlbum(id, on)));
    if (done.some(({ status }) => status === "fulfilled")) say(on ? text.say.paused : text.say.resumed);
    watcher.look();
    redraw();
  }

  return {
    retryFailed: () => inAlbumsOrAlone(shown().filter(actions.canRetry), albums.retryAlbum, actions.retry),
    cancelAll: () => inAlbumsOrAlone(shown().filter(isWorking), albums.stopAlbum, actions.cancel),
    pause: () => pause(true),
    resume: () => pause(false),
    /** The unfinished albums that are paused, and whether any is not. */
    pausing() {
      const working = [...albumsAtWork()];
      return { paused: working.some(albums.isPaused), running: working.some((id) => !albums.isPaused(id)) };
    },
  };
}

/** One call for what the service has of an album; for what it does not have yet, and single ones, one by one. */
function inAlbumsOrAlone(some, together, alone) {
  const batches = new Set();
  for (const photo of some) {
    if (photo.batch && photos.current(photo).job && photo.versions.length === 1) batches.add(photo.batch);
    else void alone(photo);
  }
  for (const id of batches) void together(id).catch(() => {}).then(watcher.look);
}

/** The albums among all photographs: `{ id, count, name }`. */
export function knownAlbums() {
  const sizes = new Map();
  for (const { batch } of photos.all()) if (batch) sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
  return [...sizes].map(([id, count]) => ({ id, count, name: albums.albumName(id) }));
}
