import { base, listItems } from "../api/api.js";
import { sleep } from "../api/link.js";
import { UNFINISHED, adopt, newKey } from "../photos/photos.js";
import { namesNoted, note, noted } from "../photos/remembered.js";
import { showBanner } from "../ui/banner.js";
import { fill, h, icon, iconButton, say, style, write } from "../ui/dom.js";
import { makeSteps, undoKeys } from "../ui/steps.js";
import { text } from "../ui/strings.js";
import { deletePage, findPhotographs, finished, putFrames, readPage, startBatch } from "./calls.js";
import { makeEditor } from "./editor.js";
import { rounded } from "./frames.js";
import { words } from "./words.js";

const LOOK = 700;
const NOTED = "page ";
let styled = null;
/** Pages whose dialogs are open here. */
const opened = new Set();

/** Have the photographs on a page found, show them to be corrected, and start; `meet()` looks at the service anew. */
export const open = (file, meet) => show(meet, (signal, begun) => findPhotographs(file, newKey(), signal, begun));

/** Go on with the pages that a reload interrupted, except those that another tab has open. */
export async function reopen(meet) {
  for (const name of namesNoted("localStorage", NOTED)) {
    const id = name.slice(NOTED.length);
    if (opened.has(id)) continue;
    opened.add(id);
    try {
      const record = await readPage(id);
      await alone(id, () => noted("localStorage", name) && show(meet, (signal) => finished(record, signal), id));
    } catch (problem) {
      // Where it cannot be asked for, it is left for later.
      if (problem.status !== 404) continue;
      note("localStorage", name, null);
      showBanner(words.gone);
    } finally {
      opened.delete(id);
    }
  }
}

/** Do it unless another tab does; a page that is reloaded lets go a moment later. Without TLS browsers have no locks. */
async function alone(id, deed, tries = 5) {
  if (!navigator.locks) return deed();
  const done = await navigator.locks.request(`${base}${NOTED}${id}`, { ifAvailable: true }, async (lock) => lock && (await deed(), true));
  if (done || !tries) return;
  await sleep(200);
  await alone(id, deed, tries - 1);
}

/** Show the dialog of a page until it is closed; `find(signal, begun)` gets its record, `id` is known of one that was begun before. */
async function show(meet, find, id = null) {
  await (styled ??= style(new URL("album.css", import.meta.url)));
  const kept = noted("localStorage", NOTED + id) ?? {};
  const [started, stop] = [kept.started ?? newKey(), new AbortController()];
  let [found, at, busy, over] = [null, kept.at ?? 0, false, null];
  let steps = makeSteps([], changed);
  const ended = new Promise((resolve) => (over = resolve));

  const status = h("p.album-status", { role: "status" });
  const wrong = h("p.album-wrong", { role: "alert" });
  const editor = makeEditor((frames, kind) => steps.put(steps.now.with(at, frames), kind && `${at} ${kind}`), draw);
  const pages = h("select", { "aria-label": words.pageLabel, onchange: () => turnTo(Number(pages.value)) });
  const button = (name, label, deed) => h("button", { onclick: deed }, icon(name), label);
  const undo = iconButton("undo", text.steps.undo, () => step("undo"));
  const redo = iconButton("redo", text.steps.redo, () => step("redo"));
  const join = button("fit", words.join, () => editor.join());
  const turn = button("turn-right", words.turn, () => editor.turn());
  const remove = button("delete", words.remove, () => editor.remove());
  const whole = button("photo", words.whole, () => editor.replace([]));
  const tools = h("div.row.album-tools", {}, pages, undo, redo, button("plus", words.add, () => editor.add()), join, turn, remove, whole, button("guess", words.asFound, () => editor.replace(found.pages[at].frames)));
  const start = h("button.primary", { onclick: begin });
  const alike = h("input", { type: "checkbox", checked: kept.alike, onchange: keep });
  const shared = h("label.row.small", {}, alike, words.alike);
  const cancel = h("button", { onclick: () => dialog.close() }, words.cancel);
  const work = h("div.album-work", { hidden: true }, tools, editor.element, h("p.dim.small", {}, words.lead), h("p.dim.small.by-mouse", {}, words.keys), shared);
  const dialog = h("dialog.album", { "aria-labelledby": "album-heading", onclose: closed, oncancel: (event) => (busy || corrected()) && (event.preventDefault(), cancel.focus()) },
    h("h2", { id: "album-heading" }, words.heading), status, wrong, work, h("div.row.album-end", {}, cancel, start));

  const total = () => steps.now.reduce((sum, frames) => sum + Math.max(1, frames.length), 0);

  function turnTo(number) {
    at = number;
    editor.show(found.pages[at], steps.now[at]);
    changed();
  }

  /** What is to be corrected stays in this browser until it is sent. */
  function keep() {
    note("localStorage", NOTED + id, { started, at, own: steps.now, alike: alike.checked });
  }

  function changed() {
    keep();
    draw();
  }

  function step(way) {
    const before = steps.now;
    steps[way]();
    if (steps.now === before) return;
    turnTo(steps.now.findIndex((frames, index) => frames !== before[index]));
    say(text.steps[`${way}ne`]);
    // What had the focus may be gone.
    if (document.activeElement === document.body || document.activeElement.disabled) editor.focus();
  }

  function draw() {
    const meant = editor.meant().length;
    undo.disabled = !steps.canUndo;
    redo.disabled = !steps.canRedo;
    join.disabled = meant < 2;
    turn.disabled = remove.disabled = !meant;
    whole.disabled = !steps.now[at].length;
    fill(pages, steps.now.map((_, index) => [String(index), words.page(index + 1, steps.now.length)]), String(at));
    pages.hidden = steps.now.length < 2;
    shared.hidden = total() < 2;
    write(start, words.start(total()));
  }

  const framed = (pages) => pages.map((frames) => ({ frames: frames.map(rounded) }));
  const corrected = () => found?.pages && JSON.stringify(framed(steps.now)) !== JSON.stringify(framed(found.pages.map(({ frames }) => frames)));

  async function begin() {
    busy = start.disabled = true;
    write(wrong, "");
    try {
      if (corrected()) await putFrames(id, framed(steps.now));
      const batch = await startBatch(id, started, alike.checked && total() > 1 ? { options: { consistency: 1 } } : {});
      dialog.close();
      showBanner(words.started(total()), { trouble: false });
      await arrive(batch.id);
      await meet();
    } catch (problem) {
      (dialog.open ? (said) => write(wrong, said) : showBanner)(problem.detail || text.connection.unreachable);
    }
    busy = start.disabled = false;
  }

  /** The batch has a copy of its own. */
  function closed() {
    stop.abort();
    forget();
    dialog.remove();
    over();
  }

  function forget() {
    if (!id) return;
    note("localStorage", NOTED + id, null);
    void deletePage(id).catch(() => {});
  }

  function begun(known) {
    id = known;
    opened.add(id);
    note("localStorage", NOTED + id, { started });
    void alone(id, () => ended).then(() => opened.delete(id));
  }

  // Wherever the focus is: a button that goes out leaves it to nobody.
  document.addEventListener("keydown", (event) => undoKeys(event, { undo: () => step("undo"), redo: () => step("redo") }), { signal: stop.signal });
  start.hidden = true;
  write(status, words.sending);
  document.body.append(dialog);
  dialog.showModal();
  try {
    found = await find(stop.signal, begun);
    if (!found.pages) throw Object.assign(new Error(), { detail: found.error?.detail ?? words.failed });
    steps = makeSteps(kept.own ?? found.pages.map(({ frames }) => frames), changed);
    work.hidden = start.hidden = false;
    write(status, words.found(found.pages.flatMap(({ frames }) => frames).length));
    turnTo(at);
    editor.focus();
  } catch (problem) {
    if (problem.name === "AbortError") return forget();
    write(status, "");
    write(wrong, problem.detail || text.connection.unreachable);
    write(cancel, words.close);
  }
  await ended;
}

/** Show the photographs as they are cut, until all are there. */
async function arrive(batch) {
  for (let over = false; !over; await sleep(over ? 0 : LOOK)) {
    for await (const items of listItems(batch)) {
      items.forEach(adopt);
      for (const item of items) {
        if (item.kind !== "page" || UNFINISHED.has(item.state)) continue;
        over = true;
        if (item.error) showBanner(item.error.detail);
      }
    }
  }
}
