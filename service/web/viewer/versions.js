import { fill, h, icon, picture, set, write } from "../ui/dom.js";
import { removeVersionAsking } from "../photos/actions.js";
import { choose } from "../photos/photos.js";
import { day, text } from "../ui/strings.js";
import { thumb } from "../photos/thumbs.js";
import { isPlaced } from "./places.js";
import { errorWords, progressOf, stateWords } from "../photos/wording.js";

const words = text.viewer;

/** `show(version)` puts one on the right side, `compare(key)` on the left. */
export function makeVersions({ show, compare, redraw }) {
  const strip = h("div.strip", { role: "group", "aria-label": words.versions });
  const select = h("select", { id: "compare-with", onchange: () => compare(select.value) });
  const comparing = h("div.row.spread.compare", {}, h("label", { for: "compare-with" }, words.compareWith), select);
  const keep = h("button.wide", { onclick: () => drawn.keep() });
  const remove = h("button.wide", { onclick: removed }, icon("delete"), words.removeVersion);
  const [summary, until] = [h("p.dim.small"), h("p.dim.small")];
  const element = h("section.panel-part", {}, h("h3", {}, words.versions), strip, summary, until, comparing, keep, remove);
  let drawn = {};
  /** What had the focus is gone. */
  let homeless = false;

  async function removed() {
    homeless = await removeVersionAsking(drawn.photo, drawn.shown);
  }

  return {
    element,
    draw(photo, shown, leftKey) {
      reconcile(strip, photo, shown, show, redraw);
      const pressed = strip.querySelector("[aria-pressed=true]");
      if (homeless && pressed) homeless = pressed.focus();
      const others = photo.versions.filter((version) => version !== shown && version.state === "succeeded");
      fill(select, [["", words.original], ...others.map((version) => [version.key, words.version(photo.versions.indexOf(version) + 1)])], leftKey ?? "");
      comparing.hidden = !others.length;
      const kept = photo.chosen === shown.key;
      remove.hidden = photo.versions.length < 2;
      keep.hidden = photo.versions.length < 2 || shown.state !== "succeeded";
      keep.replaceChildren(icon(kept ? "check" : "star"), kept ? words.kept : words.keep);
      set(keep, { "aria-pressed": String(kept) });
      drawn = { photo, shown, keep: () => choose(photo, kept ? null : shown.key) };
      const [result, original] = [shown.record?.result, shown.record?.original].map((kept) => kept?.expires_at && day(new Date(kept.expires_at)));
      write(until, result ? words.until(result, original) : "");
      write(summary, shown.state === "succeeded" ? text.adjust.summary(shown.options) + (text.adjust.placed(shown.options) && !isPlaced(shown) ? `. ${text.adjust.asScanned}` : "") : shown.state === "failed" ? errorWords(shown) : stateWords(shown));
    },
  };
}

function reconcile(strip, photo, shown, show, redraw) {
  const wanted = new Map(photo.versions.map((version) => [version.key, version]));
  for (const old of [...strip.children]) if (!wanted.has(old.dataset.key)) old.remove();
  photo.versions.forEach((version, index) => {
    const name = words.version(index + 1);
    let item = [...strip.children].find((child) => child.dataset.key === version.key);
    if (!item) {
      item = h("button.version", { "data-key": version.key, onclick: () => show(version) }, h("span.mat", {}, h("img", { alt: "", hidden: true }), h("span.bar-track", {}, h("span.bar-fill"))), h("span.version-name"));
      strip.append(item);
    }
    const url = version.state === "succeeded" ? thumb(photo, version, redraw) : null;
    picture(item.querySelector("img"), url);
    item.dataset.state = version.state;
    item.querySelector(".bar-fill").style.transform = `scaleX(${progressOf(version)})`;
    write(item.querySelector(".version-name"), photo.chosen === version.key ? `★ ${index + 1}` : String(index + 1));
    const label = `${name}. ${stateWords(version)}${photo.chosen === version.key ? `. ${words.kept}` : ""}`;
    set(item, { "aria-label": label, title: name, "aria-pressed": String(version === shown) });
  });
}
