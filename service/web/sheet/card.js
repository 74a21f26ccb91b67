import * as actions from "../photos/actions.js";
import { urls } from "../api/api.js";
import { h, icon, iconButton, picture, set, write } from "../ui/dom.js";
import { best, current, fileOf, group } from "../photos/photos.js";
import { text } from "../ui/strings.js";
import { thumb, unwant } from "../photos/thumbs.js";
import { errorWords, kindOf, progressOf, resultName, stateWords } from "../photos/wording.js";

export function makeCard(photo, { open, toggle }) {
  const words = text.card;
  const before = h("img.before", { alt: "", draggable: "false" });
  const after = h("img.after", { alt: "", draggable: "false" });
  const kind = h("span.kind");
  const failure = h("span.failure");
  const bar = h("span.bar-fill");
  const opener = h(
    "button.card-open",
    { onclick: (event) => open(photo, event) },
    h("span.mat", {}, kind, before, after, failure, h("span.bar-track", {}, bar)),
    h("span.card-name", {}, photo.name),
  );
  const status = h("span.card-status");
  const check = h("input.card-check", { type: "checkbox", "aria-label": words.select(photo.name), onclick: (event) => toggle(photo, event) });
  const retry = iconButton("retry", words.retry(photo.name), () => actions.retry(photo));
  const goOn = iconButton("play", words.goOn(photo.name), () => actions.retry(photo));
  const cancel = iconButton("stop", words.cancel(photo.name), () => actions.cancel(photo));
  const remove = iconButton("delete", words.remove(photo.name), () => actions.removeAsking([photo]));
  const download = h("a.quiet.button", { "aria-label": words.download(photo.name), title: words.download(photo.name), download: "" }, icon("download"));
  const tools = h("span.card-tools", {}, download, retry, goOn, cancel, remove);
  const element = h("div.card", { role: "listitem", "data-id": photo.id }, opener, status, tools, check);
  const redraw = (state = {}) => draw(state);

  function draw({ active, selecting, selected }) {
    const version = current(photo);
    const shown = best(photo);
    const now = group(photo);
    element.dataset.group = now;
    element.dataset.state = version.state;
    const ready = shown.state === "succeeded";
    // A result covers the original, so do not fetch it; use it if it is here anyway.
    // This browser still has the small picture of a result that the service no longer keeps.
    const pictured = ready || now === "gone";
    const thumbs = [pictured && !fileOf(photo) ? null : thumb(photo, null, redrawSame), pictured ? thumb(photo, shown, redrawSame) : null];
    picture(before, thumbs[0]);
    picture(after, thumbs[1]);
    write(kind, thumbs.every((url) => url === null) ? words.noPicture(kindOf(photo)) : "");
    write(failure, now === "failed" ? errorWords(version) : "");
    write(status, statusWords(version));
    set(opener, { "aria-label": words.open(photo.name, now === "failed" ? errorWords(version) : statusWords(version)), "aria-pressed": selecting ? String(Boolean(selected)) : null });
    bar.style.transform = `scaleX(${progressOf(version)})`;
    retry.hidden = now !== "failed";
    goOn.hidden = now !== "stopped";
    cancel.hidden = !actions.canCancel(version);
    remove.hidden = !cancel.hidden;
    download.hidden = shown.state !== "succeeded";
    if (!download.hidden) set(download, { href: urls.result(shown.job), download: resultName(photo, shown) });
    check.hidden = !selecting;
    check.checked = Boolean(selected);
    element.classList.toggle("selected", Boolean(selecting && selected));
    // One Tab stop; the arrow keys move from card to card.
    for (const control of [opener, check, ...tools.children]) control.tabIndex = active ? 0 : -1;
    last = { active, selecting, selected };
  }

  let last = {};
  const redrawSame = () => redraw(last);
  const statusWords = (version) =>
    version.state === "succeeded" && photo.versions.length > 1 ? `${stateWords(version)}, ${words.versions(photo.versions.length)}` : stateWords(version);
  return { element, redraw, focus: () => opener.focus({ preventScroll: true }), release: () => unwant(photo, redrawSame) };
}
