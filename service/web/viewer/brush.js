import { makeCursor, stepOf } from "./cursor.js";
import { h, iconButton, say, set, slider } from "../ui/dom.js";
import { makeSteps, undoKeys } from "../ui/steps.js";
import { text } from "../ui/strings.js";

const words = text.repairs;
/** Pixels of the screen across: who zooms in paints finer. */
const [LEAST, USUAL, MOST] = [4, 28, 120];

/** Tools that change the map of repairs on the stage; `make(mask)` gets it as a grey PNG of full size, `begin()` is called when a tool is taken. */
export function makeBrush(stage, { make, begin }) {
  const canvas = stage.overlay;
  /** The strokes on a version's map, which last while the page is open. */
  const known = new WeakMap();
  const tools = [["source-over", words.add], ["destination-out", words.take]].map(([how, name]) => ({ how, button: h("button.chip", { "aria-pressed": "false", onclick: () => choose(chosen === how ? "" : how) }, name) }));
  const size = slider("brush-size", { min: LEAST, max: MOST, value: USUAL, oninput: resize }, words.size);
  const undo = iconButton("undo", text.steps.undo, () => step("undo"));
  const redo = iconButton("redo", text.steps.redo, () => step("redo"));
  const clear = iconButton("delete", words.clear, () => steps.put([]));
  const submit = h("button.primary", { onclick: submitted }, text.adjust.make);
  const keys = h("p.dim.small.by-mouse", { id: "brush-keys" }, words.keys);
  const element = h("div.brush", { hidden: true, role: "group", "aria-label": words.correct, "aria-describedby": "brush-keys" },
    h("div.row", {}, tools.map(({ button }) => button), h("span.row", {}, undo, redo, clear), size.element, submit), keys);
  const cursor = makeCursor(stage, "span.brush-ring");
  let version = null;
  let steps = makeSteps([], redraw);
  let base = null;
  let chosen = "";
  let stroke = null;
  /** Put down by the keyboard. */
  let down = false;

  function choose(how) {
    drop();
    chosen = how;
    for (const tool of tools) set(tool.button, { "aria-pressed": String(tool.how === how) });
    stage.painting(how && { begin: start, move, end, drop, hover: cursor.point });
    cursor.show(Boolean(how));
    if (!how) return;
    begin();
    resize();
    stage.setSplit(0);
    stage.element.focus({ preventScroll: true });
  }

  function resize() {
    size.say(words.across(size.input.value));
    cursor.element.style.setProperty("--across", `${size.input.value}px`);
  }

  function start(spot) {
    if (stroke) end();
    base ??= copyOf(canvas);
    stroke = { how: chosen, width: size.input.value / canvas.clientWidth, spots: [spot] };
    draw({ ...stroke, spots: [spot] });
  }

  function move(spot) {
    if (!stroke) return;
    draw({ ...stroke, spots: [stroke.spots.at(-1), spot] });
    stroke.spots.push(spot);
  }

  function end() {
    down = false;
    const done = stroke;
    stroke = null;
    if (done) steps.put([...steps.now, done]);
  }

  /** It was no stroke after all: a second finger came. */
  function drop() {
    if (down) end();
    if (!stroke) return;
    stroke = null;
    redraw();
  }

  function draw({ how, width, spots }) {
    const context = canvas.getContext("2d");
    Object.assign(context, { globalCompositeOperation: how, lineWidth: width * canvas.width, lineCap: "round", lineJoin: "round", strokeStyle: "rgb(255 64 196)" });
    context.beginPath();
    for (const { x, y } of spots) context.lineTo(x * canvas.width, y * canvas.height);
    // Without length nothing would be drawn.
    context.lineTo(spots.at(-1).x * canvas.width + 0.01, spots.at(-1).y * canvas.height);
    context.stroke();
  }

  function redraw() {
    if (base) {
      const context = canvas.getContext("2d");
      context.globalCompositeOperation = "copy";
      context.drawImage(base, 0, 0);
      steps.now.forEach(draw);
    }
    const focused = document.activeElement;
    undo.disabled = !steps.canUndo;
    redo.disabled = !steps.canRedo;
    clear.disabled = submit.disabled = !steps.now.length;
    // A button that goes out takes the keyboard's place with it.
    if (focused?.disabled && element.contains(focused)) stage.element.focus({ preventScroll: true });
  }

  function step(way) {
    if (down || stroke) return;
    if (steps[way === "undo" ? "canUndo" : "canRedo"]) say(text.steps[`${way}ne`]);
    steps[way]();
  }

  async function submitted() {
    const mask = await maskOf(canvas);
    known.delete(version);
    make(mask);
  }

  // Before the stage sees them: its keys move the photograph.
  stage.element.addEventListener("keydown", (event) => {
    if (!chosen || event.target !== stage.element || event.ctrlKey || event.altKey || event.metaKey) return;
    const by = stepOf(event);
    if (by) {
      cursor.step(by);
      if (down) move(cursor.at);
    } else if (event.key === " " || event.key === "Enter") {
      if (event.repeat) return;
      say(down ? words.up : words.down);
      if (down) end();
      else start(cursor.at), (down = true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  return {
    element,
    /** Show the tools for a map that was just drawn, or put them away with null. */
    show(shown) {
      choose("");
      element.hidden = !shown;
      if (!shown) return;
      version = shown;
      if (!known.has(version)) known.set(version, makeSteps([], redraw));
      steps = known.get(version);
      base = steps.now.length ? copyOf(canvas) : null;
      redraw();
    },
    stop: () => choose(""),
    get active() {
      return Boolean(chosen);
    },
    /** Keys that work wherever the focus is. */
    key(event) {
      const wider = { "[": 1 / 1.25, "]": 1.25 }[event.key];
      if (element.hidden || undoKeys(event, { undo: () => step("undo"), redo: () => step("redo") }) || !wider) return;
      size.input.value = Math.round(size.input.value * wider);
      resize();
      say(words.across(size.input.value));
    },
  };
}

function copyOf(canvas) {
  const copy = h("canvas", { width: canvas.width, height: canvas.height });
  copy.getContext("2d").drawImage(canvas, 0, 0);
  return copy;
}

/** White where the map is opaque, black where it is clear, grey where damage was left: what the service takes. */
async function maskOf(canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
  const rgba = pixels.data;
  for (let at = 0; at < rgba.length; at += 4) {
    rgba.fill(rgba[at + 3] > 160 ? 255 : rgba[at + 3] > 96 ? 128 : 0, at, at + 3);
    rgba[at + 3] = 255;
  }
  const mask = h("canvas", { width, height });
  mask.getContext("2d").putImageData(pixels, 0, 0);
  return new Promise((done) => mask.toBlob(done));
}
