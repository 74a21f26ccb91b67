import { h, picture, set, write } from "../ui/dom.js";
import { SHORTEST, between, joined, moved, pointed, resized, spun, turned } from "./frames.js";
import { words } from "./words.js";

const CORNERS = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Of the page's longer side: a step of a key, and the side of a frame that is added. */
const STEP = 0.004;
const NEW = 0.25;

/** The frames of one page over its picture: `edited(frames, kind)` gets them after each change, where consecutive changes of one kind are one; `meaning()` is called when others are meant. */
export function makeEditor(edited, meaning) {
  const image = h("img", { alt: "", draggable: "false" });
  const element = h("div.album-stage", { role: "group", "aria-label": words.stage }, image);
  let page = null;
  let frames = [];
  let marked = new Set();
  let buttons = [];
  let drags = 0;

  const scale = () => page.width / element.clientWidth;
  const spot = (event) => [(event.clientX - element.getBoundingClientRect().left) * scale(), (event.clientY - element.getBoundingClientRect().top) * scale()];
  /** What a button of the toolbar works on: the frames that are marked, else the one used last. */
  let last = -1;
  const meant = () => (marked.size ? [...marked].sort((a, b) => a - b) : last >= 0 && last < frames.length ? [last] : []);

  function show(shown, own) {
    page = shown;
    frames = own;
    marked.clear();
    last = -1;
    element.style.aspectRatio = `${page.width} / ${page.height}`;
    element.style.setProperty("--shape", page.width / page.height);
    picture(image, page.preview_url);
    draw();
  }

  function draw() {
    while (buttons.length > frames.length) buttons.pop().remove();
    while (buttons.length < frames.length) buttons.push(made(buttons.length));
    frames.forEach((frame, index) => place(buttons[index], frame, index));
  }

  function made(index) {
    const button = h("button.album-frame", { onfocus: () => { last = index; meaning(); }, onkeydown: (event) => typed(event, index), onpointerdown: (event) => taken(event, index) },
      h("span.album-number", { "aria-hidden": "true" }), h("span.album-dot", { "data-part": "spin" }), CORNERS.map((_, corner) => h("span.album-corner", { "data-part": corner })));
    element.append(button);
    return button;
  }

  function place(button, frame, index) {
    const share = (value, whole) => `${(100 * value) / whole}%`;
    Object.assign(button.style, {
      left: share(frame.x - frame.width / 2, page.width), top: share(frame.y - frame.height / 2, page.height),
      width: share(frame.width, page.width), height: share(frame.height, page.height), transform: `rotate(${frame.angle}deg)`,
    });
    set(button, { "aria-label": words.frame(index + 1, frames.length, frame), "aria-pressed": String(marked.has(index)) });
    write(button.firstElementChild, String(index + 1));
  }

  function change(index, frame, kind) {
    frames = frames.with(index, frame);
    draw();
    edited(frames, `${index} ${kind}`);
  }

  function put(all, focus = -1) {
    frames = all;
    marked.clear();
    last = focus;
    draw();
    edited(frames, null);
    if (focus >= 0) buttons[focus]?.focus();
  }

  function typed(event, index) {
    const step = STEP * Math.max(page.width, page.height);
    const arrow = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow && event.shiftKey) change(index, resized(frames[index], [1, 1], ...along(frames[index], arrow, step)), "size");
    else if (arrow) change(index, moved(frames[index], arrow[0] * step, arrow[1] * step, page), "place");
    else if (event.key === "," || event.key === ".") change(index, spun(frames[index], event.key === "," ? -0.5 : 0.5), "angle");
    else if (event.key.toLowerCase() === "t") change(index, turned(frames[index]), ++drags);
    else if (event.key === " " || event.key === "Enter") mark(index);
    else if (event.key === "Delete" || event.key === "Backspace") remove([index]);
    else return;
    event.preventDefault();
  }

  function mark(index) {
    if (!marked.delete(index)) marked.add(index);
    draw();
    meaning();
  }

  function remove(indexes) {
    const left = frames.filter((_, index) => !indexes.includes(index));
    put(left, Math.min(indexes[0], left.length - 1));
  }

  /** Follow the pointer until it is let go; what moved less than a hair was a click. */
  function taken(event, index) {
    if (event.button) return;
    event.stopPropagation();
    if (event.shiftKey) return mark(index);
    const [part, from, before, drag] = [event.target.dataset.part, spot(event), frames[index], ++drags];
    follow(event, buttons[index], (now) => {
      const [dx, dy] = [now[0] - from[0], now[1] - from[1]];
      if (part === "spin") change(index, pointed(before, ...now), drag);
      else if (part) change(index, resized(before, CORNERS[part], dx, dy), drag);
      else change(index, moved(before, dx, dy, page), drag);
    });
  }

  function follow(event, target, step, end = () => {}) {
    target.setPointerCapture(event.pointerId);
    const go = (next) => step(spot(next));
    const stop = (next) => {
      target.removeEventListener("pointermove", go);
      end(spot(next));
    };
    target.addEventListener("pointermove", go);
    target.addEventListener("lostpointercapture", stop, { once: true });
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button || !page) return;
    event.preventDefault();
    const [from, before] = [spot(event), frames];
    let drawn = null;
    follow(event, element, (now) => {
      const made = between(from, now);
      if (Math.min(made.width, made.height) < SHORTEST) return;
      frames = [...before, (drawn = made)];
      draw();
    }, () => drawn && put(frames, before.length));
  });

  return {
    element,
    show,
    meant,
    get frames() { return frames; },
    add() {
      const side = NEW * Math.max(page.width, page.height);
      put([...frames, { x: page.width / 2, y: page.height / 2, width: Math.min(side, page.width), height: Math.min(side, page.height), angle: 0 }], frames.length);
    },
    join() {
      const some = meant();
      const others = frames.filter((_, index) => !some.includes(index));
      put([...others.slice(0, some[0]), joined(some.map((index) => frames[index])), ...others.slice(some[0])], some[0]);
    },
    turn() {
      const some = meant();
      frames = frames.map((frame, index) => (some.includes(index) ? turned(frame) : frame));
      draw();
      edited(frames, null);
    },
    remove: () => meant().length && remove(meant()),
    replace: (all) => put(all),
    focus: () => (buttons[Math.max(0, last)] ?? buttons[0])?.focus(),
  };
}

/** A step along the frame's own sides, as a movement on the page. */
function along(frame, [right, down], step) {
  const angle = (frame.angle * Math.PI) / 180;
  return [step * (right * Math.cos(angle) - down * Math.sin(angle)), step * (right * Math.sin(angle) + down * Math.cos(angle))];
}
