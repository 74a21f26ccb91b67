import { h, say } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const STEP = 0.01;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const within = (share) => Math.max(0, Math.min(1, share));

/** How far an arrow key moves, with Shift ten times as far, in shares of the photograph's sides; undefined for other keys. */
export const stepOf = ({ key, shiftKey }) => MOVES[key]?.map((way) => way * STEP * (shiftKey ? 10 : 1));

export const stepped = (spot, [x, y]) => ({ x: within(spot.x + x), y: within(spot.y + y) });

/** A mark over the photograph that arrow keys move while the stage has the focus, or the pointer. */
export function makeCursor(stage, selector) {
  const element = h(selector, { hidden: true, "aria-hidden": "true" });
  let [at, on, byKeys, pointed] = [{ x: 0.5, y: 0.5 }, false, false, false];
  stage.marks.append(element);
  for (const event of ["blur", "focus"]) stage.element.addEventListener(event, draw);

  function draw() {
    element.hidden = !on || !(pointed || (byKeys && document.activeElement === stage.element));
    [element.style.left, element.style.top] = [`${100 * at.x}%`, `${100 * at.y}%`];
  }

  return {
    element,
    get at() {
      return at;
    },
    show(active) {
      on = active;
      draw();
    },
    step(by) {
      [at, byKeys, pointed] = [stepped(at, by), true, false];
      draw();
      say(text.hints.at(at));
    },
    /** Follow the pointer; null when it has left. */
    point(spot) {
      [at, byKeys, pointed] = [spot ?? at, byKeys && !spot, Boolean(spot)];
      draw();
    },
  };
}
