import { openAlbum } from "../photos/albums.js";
import { addVersion, best, choose } from "../photos/photos.js";
import { send } from "../photos/sender.js";
import { showBanner } from "../ui/banner.js";
import { text } from "../ui/strings.js";
import { words } from "./words.js";

/** Give these photographs one set of colours: a new version of each, in an album of their own. */
export function match(photos) {
  const drop = openAlbum(text.sheet.albumOf(new Date()), { consistency: 1 });
  const versions = photos.map((photo) => {
    const { options, lender } = best(photo);
    Object.assign(photo, { drop, item: null });
    // The new one is shown.
    choose(photo, null);
    return [photo, addVersion(photo, { ...options, color: "on", consistency: 1 }, lender)];
  });
  send(versions);
  showBanner(words.matching(photos.length), { trouble: false });
}
