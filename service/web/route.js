import * as photos from "./photos/photos.js";

/** `shown()` is the list of neighbours, `ready()` waits for the viewer; `arrived(left)` is called after each step. */
export function makeRoute({ shown, viewer, ready, arrived }) {
  let pushed = false;

  const wanted = () => photos.get(new URLSearchParams(location.hash.slice(1)).get("photo"));

  async function follow() {
    const photo = wanted();
    if (photo) await ready();
    // Meanwhile the visitor may have gone back.
    if (wanted() !== photo) return;
    const left = viewer().photo;
    if (photo) viewer().open(photo);
    else {
      pushed = false;
      viewer().shut();
    }
    arrived(photo ? null : left);
  }

  addEventListener("popstate", follow);
  return {
    follow,
    visit(photo) {
      pushed = true;
      history.pushState(null, "", `#photo=${photo.id}`);
      follow();
    },
    close() {
      if (pushed) return history.back();
      history.replaceState(null, "", location.pathname);
      follow();
    },
    go(step) {
      const photo = shown()[shown().indexOf(viewer().photo) + step];
      if (!photo) return;
      history.replaceState(null, "", `#photo=${photo.id}`);
      follow();
    },
    neighbours(photo) {
      const index = shown().indexOf(photo);
      return { previous: shown()[index - 1], next: shown()[index + 1] };
    },
  };
}
