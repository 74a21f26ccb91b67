import { suggestionsAt } from "../api/api.js";
import { showBanner } from "../ui/banner.js";
import { h, icon, iconButton, say, set, write } from "../ui/dom.js";
import { chromaOf, cssOf, hueOf, labOf } from "./cielab.js";
import { makeCursor, stepOf, stepped } from "./cursor.js";
import { sleep } from "../api/link.js";
import { makePicker } from "./picker.js";
import { undoKeys } from "../ui/steps.js";
import { colourName, text } from "../ui/strings.js";

const words = text.hints;
const MOST = 64;
/** Milliseconds between polls, growing to the longest; two minutes in total, for a busy machine. */
const [QUICK, SLOW, TRIES] = [300, 2000, 65];

/** `begin()` is called before hints are given, `make()` tries the draft, `jobOf()` is a finished job of the photograph. */
export function makeHints({ stage, draft, begin, make, jobOf }) {
  const toggle = h("button.wide", { "aria-pressed": "false", onclick: () => activate(!active) }, icon("dropper"), h("span", {}, words.start));
  const lead = h("p.dim.small", {}, words.lead);
  const picker = makePicker((ab, stroke) => draft.change((now) => Object.assign(now.hints[chosen], ab), `colour ${chosen} ${stroke}`));
  const list = h("ul.hint-list", { "aria-label": words.list });
  const undo = h("button", { onclick: () => step("undo") }, icon("undo"), text.steps.undo);
  const submit = h("button.primary.grow", { onclick: () => make() }, words.make);
  const note = h("p.dim.small", { role: "status" });
  const deeds = h("div.row", {}, undo, submit);
  const element = h("section.panel-part.hints", { hidden: true, "aria-labelledby": "hints-heading" }, h("h3", { id: "hints-heading" }, words.heading), lead, toggle, picker.element, deeds, list, note);
  const markers = makeMarkers(stage, { place, choose, move, remove });
  let active = false;
  let chosen = -1;
  let turn = 0;
  let listed = "";

  function activate(on) {
    active = on;
    chosen = -1;
    draw();
    if (!on) return;
    begin();
    say(words.howTo);
    stage.element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    ask({ x: 0.5, y: 0.5 }).catch(() => {}); // a worker needs seconds for the first answer: start now
  }

  function place({ x, y }) {
    if (draft.hints.length >= MOST) return showBanner(words.enough(MOST));
    const { a, b } = labOf(stage.levelsAt(x, y));
    draft.change((now) => now.hints.push({ x, y, a, b }));
    choose(draft.hints.length - 1, { focus: true });
  }

  async function choose(index, { focus = true } = {}) {
    chosen = index;
    draw();
    const hint = draft.hints[index];
    const { l } = labOf(stage.levelsAt(hint.x, hint.y));
    picker.from({ l, a: hint.a, b: hint.b });
    picker.suggest(null);
    picker.element.scrollIntoView({ block: "nearest" });
    const mine = ++turn;
    // If the visitor has moved on before the answer came, leave the focus where it is.
    const idle = [document.activeElement, stage.element, document.body];
    const found = await ask(hint).catch(() => null);
    if (mine !== turn) return;
    picker.suggest(found ?? [], found?.length ? "" : words.noSuggestions);
    if (focus && idle.includes(document.activeElement)) picker.focus();
  }

  /** The likely colours at a spot; the first request of a job makes a worker compute all of them. */
  async function ask({ x, y }) {
    const job = jobOf();
    for (let tries = 0; job && tries < TRIES; tries += 1) {
      const answer = await suggestionsAt(job, x, y);
      if (answer.ready) return answer.suggestions;
      await sleep(Math.min(SLOW, QUICK * 1.2 ** tries));
    }
    return null;
  }

  function move(index, by) {
    draft.change((now) => Object.assign(now.hints[index], stepped(now.hints[index], by)), `place ${index}`);
    say(words.at(draft.hints[index]));
  }

  function remove(index) {
    draft.change((now) => now.hints.splice(index, 1));
    chosen = -1;
    draw();
    say(words.removed(index + 1));
    (list.querySelectorAll("button")[Math.min(index, draft.hints.length - 1)] ?? stage.element).focus({ preventScroll: true });
  }

  function step(way) {
    draft[way]();
    if (chosen >= draft.hints.length) chosen = -1;
    draw();
    say(text.steps[`${way}ne`]);
    if (undo.disabled) stage.element.focus({ preventScroll: true });
  }

  function draw() {
    const hints = draft.hints.map((hint) => {
      const { l } = labOf(stage.levelsAt(hint.x, hint.y));
      return { ...hint, css: cssOf({ l, a: hint.a, b: hint.b }), name: colourName(hueOf(hint), chromaOf(hint)) };
    });
    if (chosen >= hints.length) chosen = -1;
    markers.draw(hints, chosen, active && !element.hidden);
    drawList(hints);
    set(toggle, { "aria-pressed": String(active) });
    write(toggle.lastChild, active ? words.stop : words.start);
    lead.hidden = active;
    picker.element.hidden = !active || chosen < 0;
    list.hidden = !hints.length;
    undo.disabled = !draft.canUndo;
    deeds.hidden = !hints.length && !draft.canUndo;
    write(note, active && !hints.length ? words.howTo : "");
  }

  function drawList(hints) {
    const key = JSON.stringify([hints, active && chosen]);
    // Rebuild it only when it differs: the focus may be in it.
    if (key === listed) return;
    listed = key;
    list.replaceChildren(
      ...hints.map((hint, index) => {
        const swatch = h("span.hint-swatch", { "aria-hidden": "true" });
        swatch.style.background = hint.css;
        return h("li.row", { "data-chosen": index === chosen && active }, swatch, h("span.grow.small", {}, words.row(index + 1, hint.name)), iconButton("close", words.remove(index + 1), () => remove(index)));
      }),
    );
  }

  return {
    element,
    draw,
    /** Give clicks on the photograph back to the divider. */
    stop: () => active && activate(false),
    get active() {
      return active;
    },
    key: (event) => active && undoKeys(event, { undo: () => draft.canUndo && step("undo"), redo: () => draft.canRedo && step("redo") }),
    know({ can, same }) {
      element.hidden = !can;
      if (!can) active = false;
      submit.disabled = same;
      draw();
    },
  };
}

/** `place({ x, y })` sets a hint; `choose`, `move` and `remove` get an index. */
function makeMarkers(stage, { place, choose, move, remove }) {
  const cursor = makeCursor(stage, "span.hint-cursor");
  let on = false;
  stage.onpoint((spot) => on && place(spot));

  // Handle keys before the stage does: its keys move the photograph.
  stage.element.addEventListener("keydown", keys, { capture: true });

  function keys(event) {
    if (!on || event.ctrlKey || event.altKey || event.metaKey) return;
    const marker = event.target.closest(".marker");
    const step = stepOf(event);
    if (marker && step) move(Number(marker.dataset.index), step);
    else if (marker && ["Delete", "Backspace"].includes(event.key)) remove(Number(marker.dataset.index));
    else if (event.target !== stage.element) return;
    else if (step) cursor.step(step);
    else if (event.key === "Enter" || event.key === " ") place(cursor.at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return {
    /** Hints have a `css` colour and a `name`; `chosen` is an index. */
    draw(hints, chosen, active) {
      on = active;
      stage.hinting(active);
      while (stage.marks.querySelectorAll(".marker").length > hints.length) [...stage.marks.querySelectorAll(".marker")].at(-1).remove();
      const there = stage.marks.querySelectorAll(".marker");
      hints.forEach((hint, index) => {
        const marker = there[index] ?? stage.marks.appendChild(h("button.marker", { "data-index": index, onclick: () => choose(index) }));
        [marker.style.left, marker.style.top, marker.style.background] = [`${100 * hint.x}%`, `${100 * hint.y}%`, hint.css];
        set(marker, { "aria-label": words.marker(index + 1, hint), title: words.marker(index + 1, hint), "aria-pressed": String(index === chosen) });
        marker.hidden = !active;
      });
      cursor.show(active);
    },
  };
}
