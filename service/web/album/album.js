import { listItems } from "../api/api.js";
import { sleep } from "../api/link.js";
import { UNFINISHED, adopt, newKey } from "../photos/photos.js";
import { showBanner } from "../ui/banner.js";
import { fill, h, icon, style, write } from "../ui/dom.js";
import { deletePage, findPhotographs, putFrames, startBatch } from "./calls.js";
import { makeEditor } from "./editor.js";
import { rounded } from "./frames.js";
import { words } from "./words.js";

const LOOK = 700;
let styled = null;

/** Have the photographs on a page found, show them to be corrected, and start; `meet()` looks at the service anew. */
export async function open(file, meet) {
  await (styled ??= style(new URL("album.css", import.meta.url)));
  const [key, started, stop] = [newKey(), newKey(), new AbortController()];
  let [id, found, own, at, busy] = [null, null, [], 0, false];

  const status = h("p.album-status", { role: "status" });
  const wrong = h("p.album-wrong", { role: "alert" });
  const editor = makeEditor(draw);
  const pages = h("select", { "aria-label": words.pageLabel, onchange: () => turnTo(Number(pages.value)) });
  const button = (name, label, deed) => h("button", { onclick: deed }, icon(name), label);
  const join = button("fit", words.join, () => editor.join());
  const turn = button("retry", words.turn, () => editor.turn());
  const remove = button("delete", words.remove, () => editor.remove());
  const whole = button("photo", words.whole, () => editor.replace([]));
  const tools = h("div.row.album-tools", {}, pages, button("plus", words.add, () => editor.add()), join, turn, remove, whole, button("undo", words.asFound, () => editor.replace(found.pages[at].frames)));
  const start = h("button.primary", { onclick: begin });
  const alike = h("input", { type: "checkbox" });
  const shared = h("label.row.small", {}, alike, words.alike);
  const cancel = h("button", { onclick: () => dialog.close() }, words.cancel);
  const work = h("div.album-work", { hidden: true }, tools, editor.element, h("p.dim.small", {}, words.lead), h("p.dim.small.by-mouse", {}, words.keys), shared);
  const dialog = h("dialog.album", { "aria-labelledby": "album-heading", onclose: closed, oncancel: (event) => (busy || corrected()) && (event.preventDefault(), cancel.focus()) },
    h("h2", { id: "album-heading" }, words.heading), status, wrong, work, h("div.row.album-end", {}, cancel, start));

  const total = () => own.reduce((sum, frames) => sum + Math.max(1, frames.length), 0);

  function turnTo(number) {
    at = number;
    editor.show(found.pages[at], own[at]);
    draw();
  }

  function draw() {
    const meant = editor.meant().length;
    join.disabled = meant < 2;
    turn.disabled = remove.disabled = !meant;
    whole.disabled = !own[at].length;
    fill(pages, own.map((_, index) => [String(index), words.page(index + 1, own.length)]), String(at));
    pages.hidden = own.length < 2;
    shared.hidden = total() < 2;
    write(start, words.start(total()));
  }

  const framed = (pages) => pages.map((frames) => ({ frames: frames.map(rounded) }));
  const corrected = () => own.length && JSON.stringify(framed(own)) !== JSON.stringify(framed(found.pages.map(({ frames }) => frames)));

  async function begin() {
    busy = start.disabled = true;
    write(wrong, "");
    try {
      if (corrected()) await putFrames(id, framed(own));
      const batch = await startBatch(id, started, alike.checked && total() > 1 ? { options: { consistency: 1 } } : {});
      dialog.close();
      showBanner(words.started(total()), { trouble: false });
      await arrive(batch.id);
      await meet();
    } catch (problem) {
      (dialog.open ? (said) => write(wrong, said) : showBanner)(problem.detail || words.unreachable);
    }
    busy = start.disabled = false;
  }

  /** The batch has a copy of its own. */
  function closed() {
    stop.abort();
    if (id) void deletePage(id).catch(() => {});
    dialog.remove();
  }

  start.hidden = true;
  write(status, words.sending);
  document.body.append(dialog);
  dialog.showModal();
  try {
    found = await findPhotographs(file, key, stop.signal, (known) => (id = known));
    if (!found.pages) throw Object.assign(new Error(), { detail: found.error?.detail ?? words.failed });
    own = found.pages.map(({ frames }) => [...frames]);
    work.hidden = start.hidden = false;
    write(status, words.found(own.flat().length));
    turnTo(0);
    editor.focus();
  } catch (problem) {
    if (problem.name === "AbortError") return id && void deletePage(id).catch(() => {});
    write(status, "");
    write(wrong, problem.detail || words.unreachable);
    write(cancel, words.close);
  }
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
