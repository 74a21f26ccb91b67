import { h, say, set } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.hints;
const STEP = 0.01;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const within = (share) => Math.max(0, Math.min(1, share));

/** `place({ x, y })` sets a hint; `choose`, `move` and `remove` get an index. */
export function makeMarkers(stage, { place, choose, move, remove }) {
  const cursor = h("span.hint-cursor", { hidden: true, "aria-hidden": "true" });
  let at = { x: 0.5, y: 0.5 };
  let on = false;
  let byKeys = false;
  stage.marks.append(cursor);
  stage.onpoint((spot) => on && place(spot));
  stage.element.addEventListener("blur", drawCursor);
  stage.element.addEventListener("focus", drawCursor);

  // Handle keys before the stage does: its keys move the photograph.
  stage.element.addEventListener("keydown", keys, { capture: true });

  function keys(event) {
    if (!on || event.ctrlKey || event.altKey || event.metaKey) return;
    const marker = event.target.closest(".marker");
    const step = MOVES[event.key];
    if (marker && step) move(Number(marker.dataset.index), step[0] * STEP, step[1] * STEP);
    else if (marker && ["Delete", "Backspace"].includes(event.key)) remove(Number(marker.dataset.index));
    else if (event.target !== stage.element) return;
    else if (step) moveCursor(step, event.shiftKey ? 10 * STEP : STEP);
    else if (event.key === "Enter" || event.key === " ") place({ ...at });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function moveCursor([x, y], by) {
    byKeys = true;
    at = { x: within(at.x + x * by), y: within(at.y + y * by) };
    drawCursor();
    say(words.at(at));
  }

  function drawCursor() {
    cursor.hidden = !on || !byKeys || document.activeElement !== stage.element;
    [cursor.style.left, cursor.style.top] = [`${100 * at.x}%`, `${100 * at.y}%`];
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
      drawCursor();
    },
  };
}
