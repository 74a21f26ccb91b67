import * as actions from "../photos/actions.js";
import { makeAdjust } from "./adjust.js";
import { capabilities as newest, urls } from "../api/api.js";
import { makeDetails } from "./details.js";
import { h, icon, iconButton, say, set, write } from "../ui/dom.js";
import { makeDraft } from "./draft.js";
import { drawGuess, drawRepairs } from "./confidence.js";
import { makeHints } from "./hints.js";
import { makeLender } from "./palette.js";
import { UNFINISHED, best, current, get, watch } from "../photos/photos.js";
import { load } from "../photos/pictures.js";
import { isPlaced, makePlaces, moved, placeOf } from "./places.js";
import { makeStage } from "./stage.js";
import { text } from "../ui/strings.js";
import { makeVersions } from "./versions.js";
import { follow } from "../photos/watcher.js";
import { errorWords, kindOf, progressOf, resultName, stateWords } from "../photos/wording.js";

const words = text.viewer;
const LYING = { turn: 0, mirror: false };

export function makeViewer(dialog, { go, close, neighbours, capabilities }) {
  const stage = makeStage({ onzoom });
  const name = h("h2.viewer-name");
  const zoomWords = h("button.quiet.zoom", { title: words.full, onclick: () => stage.zoomFull() });
  const fit = iconButton("fit", words.fit, () => stage.zoomFit());
  const previous = iconButton("previous", words.previous, () => go(-1));
  const next = iconButton("next", words.next, () => go(1));
  const overlays = { guess: makeOverlay("guess", drawGuess), repairs: makeOverlay("repairs", drawRepairs) };
  const download = h("a.button.primary.labelled", { "aria-label": words.download }, icon("download"), h("span", {}, words.download));
  const remove = iconButton("delete", words.remove, () => actions.removeAsking([photo]));
  const status = h("p.work-words");
  const bar = h("span.bar-fill");
  const retryWords = h("span");
  const retry = h("button.primary", { onclick: () => actions.retry(photo) }, icon("retry"), retryWords);
  const cancel = h("button", { onclick: () => actions.cancel(photo) }, icon("stop"), words.cancel);
  const work = h("div.work", {}, status, h("span.bar-track", {}, bar), h("div.row", {}, retry, cancel));
  const legend = h("p.legend", { hidden: true }, h("span", {}, text.guess.legend[0]), h("span.legend-scale", { "aria-hidden": "true" }), h("span", {}, text.guess.legend[1]));
  const versions = makeVersions({ show: (version) => show(version), compare, redraw: () => photo && drawPanel() });
  let brush = null;
  versions.element.append(h("div.chips", { role: "group", "aria-label": words.overlays }, overlays.guess.button, overlays.repairs.button));
  const draft = makeDraft(() => photo && drawPanel());
  const tryDraft = () => makeAnother(adjust.options());
  const places = makePlaces({ changed: () => drawPanel(), make: tryDraft });
  const adjust = makeAdjust(places, makeAnother);
  const hints = makeHints({ stage, draft, begin: () => brush?.stop(), make: tryDraft, jobOf: () => [shown, best(photo)].find(({ state }) => state === "succeeded")?.job });
  const lender = makeLender({ draft, make: tryDraft });
  const details = makeDetails();
  dialog.append(
    h("header.viewer-bar", {},
      h("div.row", {}, iconButton("back", words.back, close), name),
      h("div.row.zooms", {}, iconButton("zoom-out", words.zoomOut, () => stage.zoomBy(1 / 1.4)), zoomWords, iconButton("zoom-in", words.zoomIn, () => stage.zoomBy(1.4)), fit, places.turns),
      h("div.row", {}, previous, next, remove, download)),
    h("div.viewer-body", {},
      h("div.stage-wrap", {}, places.bar, stage.element, legend, work),
      h("aside.panel", {}, versions.element, hints.element, lender.element, adjust.element, details.element)),
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    const used = [hints, brush].find((tool) => tool?.active);
    if (used) used.stop();
    else close();
  });
  // Wherever the focus is: a button that goes out leaves it to nobody.
  document.addEventListener("keydown", (event) => photo && (brush?.element.hidden === false ? brush : hints).key(event));
  watch(({ touched }) => photo && touched.has(photo) && (get(photo.id) ? changed() : close()));

  let photo = null;
  let shown = null;
  let leftKey = "";
  let overlaid = "";
  let drawn = "";
  let seenAtWork = false;
  let turn = 0;
  /** How the photograph lies in the pictures on the stage. */
  let pictured = LYING;

  function onzoom({ percent, fits }) {
    write(zoomWords, words.zoom(percent));
    set(zoomWords, { "aria-label": `${words.zoom(percent)}. ${words.full}` });
    fit.disabled = fits;
  }

  function open(wanted) {
    photo = wanted;
    leftKey = "";
    drawn = "";
    seenAtWork = false;
    stage.left.put(null);
    stage.right.put(null);
    pictured = LYING;
    stage.name("", "", false);
    write(name, photo.name);
    set(dialog, { "aria-label": words.label(photo.name) });
    if (!dialog.open) dialog.showModal();
    hints.stop();
    shown = UNFINISHED.has(current(photo).state) ? current(photo) : best(photo);
    draft.from(shown);
    show(shown);
    adjust.from(shown);
    follow(photo);
    stage.focus();
    void learn();
  }

  /** Reload the capabilities: workers may have another model since the page was opened. */
  async function learn() {
    try {
      Object.assign(capabilities, await newest());
      if (!photo) return;
      drawPanel();
      if (capabilities.hints && photo.versions.some(({ record }) => record?.series?.relatives.length)) await propose(photo);
    } catch {
      // The watcher reports it.
    }
  }

  /** Others of its set may have hints that fit. */
  async function propose(mine) {
    const { offer } = await import("./proposals.js");
    await offer(mine, hints.element, () => photo === mine, (found, version) => draft.change((now) => now.hints.push(...moved(found, version, shown))));
  }

  function shut() {
    turn += 1;
    photo = null;
    follow(null);
    if (dialog.open) dialog.close();
  }

  function show(version) {
    shown = version;
    // Keep the undo steps for a version that was made from this draft.
    if (!draft.matches(version)) draft.from(version);
    if (leftKey === version.key) leftKey = "";
    changed();
  }

  function compare(key) {
    leftKey = key;
    changed();
  }

  function changed() {
    if (!photo.versions.includes(shown)) draft.from((shown = best(photo)));
    // A new version waits in the strip if another one is shown when it finishes; one that was watched is revealed.
    if (UNFINISHED.has(shown.state)) seenAtWork = true;
    drawPanel();
    void drawStage();
  }

  function drawPanel() {
    const busy = UNFINISHED.has(shown.state);
    const ready = shown.state === "succeeded";
    const { previous: has, next: more } = neighbours(photo);
    [previous.disabled, next.disabled] = [!has, !more];
    work.hidden = ready;
    work.dataset.state = shown.state;
    write(status, busy ? stateWords(shown) : errorWords(shown));
    bar.style.transform = `scaleX(${progressOf(shown)})`;
    bar.parentElement.hidden = !busy;
    // Of what is no photograph nothing else can be made.
    const hopeless = /^(unsupported|unreadable|photo)-/.test(shown.error?.code);
    retry.hidden = busy || hopeless || !["failed", "canceled"].includes(shown.state);
    write(retryWords, shown.state === "failed" ? words.retry : words.goOn);
    cancel.hidden = !actions.canCancel(shown);
    download.hidden = !ready;
    if (ready) set(download, { href: urls.result(shown.job), download: resultName(photo, shown) });
    overlays.guess.button.hidden = !ready || shown.options.color === "off";
    overlays.repairs.button.hidden = !ready || shown.options.repair !== "auto";
    versions.draw(photo, shown, leftKey);
    places.know(shown, draft.hints.length > 0);
    stage.lie(pictured, places.now);
    adjust.know(photo.versions, draft.matches);
    const same = adjust.exists();
    hints.know({ can: Boolean(capabilities.hints), same });
    lender.know({ can: Boolean(capabilities.palette), same, had: Boolean(shown.lender) });
    details.draw(photo, shown);
    adjust.element.hidden = hopeless;
    if (hopeless) hints.element.hidden = lender.element.hidden = true;
  }

  async function drawStage() {
    const left = photo.versions.find((version) => version.key === leftKey) ?? null;
    const ready = shown.state === "succeeded";
    const key = [photo.id, leftKey, ready ? shown.key : "", shown.state === "failed"].join();
    if (key === drawn) return;
    drawn = key;
    const mine = ++turn;
    stage.note(words.loading);
    const [before, after] = await Promise.all([load(photo, left, ready && isPlaced(shown) ? shown : null), ready ? load(photo, shown) : null]);
    if (mine !== turn) return;
    put(before, after, ready);
    stage.name(left ? words.version(photo.versions.indexOf(left) + 1) : words.original, words.version(photo.versions.indexOf(shown) + 1), Boolean(before && after));
    if (ready && seenAtWork && before && after) stage.sweep();
    if (ready) seenAtWork = false;
    setOverlay(ready && overlaid && !overlays[overlaid].button.hidden ? overlaid : "");
  }

  function put(before, after, ready) {
    const main = after ?? before;
    pictured = ready ? placeOf(shown) : LYING;
    stage.lie(pictured, places.now);
    if (main) stage.measure(main.image.naturalWidth, main.image.naturalHeight);
    stage.left.put(before?.image ?? null);
    stage.right.put(after?.image ?? null);
    if (!main || (ready && !after)) return stage.note(["failed", "expired"].includes(shown.state) ? "" : words.noDisplay(kindOf(photo)));
    if (!before) return stage.note(words.gone);
    stage.note(main.reduced ? words.preview : "");
    hints.draw();
  }

  /** What can be laid over the photograph. */
  function makeOverlay(name, draw) {
    const { show: label, failed } = text[name];
    const onclick = () => (setOverlay(overlaid === name ? "" : name), stage.element.scrollIntoView({ block: "nearest" }));
    return { draw, failed, button: h("button.chip", { "aria-pressed": "false", onclick }, label) };
  }

  async function setOverlay(name) {
    overlaid = name;
    for (const [each, { button }] of Object.entries(overlays)) set(button, { "aria-pressed": String(each === name) });
    stage.overlay.hidden = true;
    legend.hidden = true;
    brush?.show(null);
    if (!name) return;
    try {
      await overlays[name].draw(stage.overlay, shown);
      stage.overlay.hidden = overlaid !== name;
      legend.hidden = overlaid !== "guess";
      if (overlaid === "repairs") await showBrush();
    } catch {
      overlaid = "";
      set(overlays[name].button, { "aria-pressed": "false" });
      stage.note(overlays[name].failed);
    }
  }

  /** Loaded when it is first wanted: most visitors never correct a map. */
  async function showBrush() {
    const { makeBrush } = await import("./brush.js");
    places.back();
    if (!brush) stage.element.before((brush = makeBrush(stage, { begin: hints.stop, make: (mask) => makeAnother(shown.options, mask) })).element);
    brush.show(overlaid === "repairs" ? shown : null);
  }

  function makeAnother(options, mask = null) {
    show(actions.again(photo, { ...options, hints: options.color === "off" ? [] : moved(draft.hints, shown, { options }) }, draft.lender, mask));
    follow(photo);
    say(text.adjust.made(photo.versions.length));
  }

  return { open, shut, get photo() { return photo; } };
}
