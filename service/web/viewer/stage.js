import { calm, h, icon, set, write } from "../ui/dom.js";
import { followPointers } from "./pointers.js";
import { text } from "../ui/strings.js";

const MOST = 8;
const STEP = 1.4;
const words = text.viewer;

export function makeStage({ onzoom }) {
  const left = layer("left");
  const right = layer("right");
  const overlay = h("canvas.guess", { hidden: true, "aria-hidden": "true" });
  right.frame.append(overlay);
  const handle = h("button.handle", { role: "slider", "aria-orientation": "horizontal", "aria-label": words.slider, "aria-valuemin": 0, "aria-valuemax": 100 }, icon("grip"));
  const divider = h("div.divider", { hidden: true }, handle);
  const note = h("p.stage-note", { role: "status" });
  // Over both sides: a hint belongs to the photograph, not to one side.
  const marks = h("div.marks");
  const element = h("div.stage", { tabindex: 0, role: "group", "aria-label": words.stage }, left.element, right.element, marks, divider, note);
  let names = { left: "", right: "" };
  let own = { width: 0, height: 0 };
  let size = own;
  let quarter = false;
  let view = { scale: 1, x: 0, y: 0 };
  let split = 50;
  let fits = true;
  let point = () => {};
  /** The brush in hand, by which the pointer paints; it gets spots. */
  let painter = null;

  function setSplit(percent) {
    split = Math.max(0, Math.min(100, percent));
    drawSplit();
    const whole = Math.round(split);
    set(handle, { "aria-valuenow": whole, "aria-valuetext": words.sliderValue(whole, names.left, names.right) });
  }

  /** The divider moves over the visible part of the photograph only. */
  function visible() {
    const { width, height } = box();
    const [x, y] = [Math.max(0, view.x), Math.max(0, view.y)];
    const right = Math.min(width, view.x + size.width * view.scale);
    const bottom = Math.min(height, view.y + size.height * view.scale);
    return size.width ? { x, y, width: right - x, height: bottom - y } : { x: 0, y: 0, width, height };
  }

  function drawSplit() {
    const seen = visible();
    const lengths = { split: seen.x + (split / 100) * seen.width, left: seen.x, top: seen.y, width: seen.width, height: seen.height };
    for (const [name, length] of Object.entries(lengths)) element.style.setProperty(`--${name}`, `${length}px`);
  }

  handle.addEventListener("keydown", (event) => {
    const far = event.shiftKey ? 10 : 2;
    const step = { ArrowLeft: -far, ArrowDown: -far, ArrowRight: far, ArrowUp: far, PageDown: -10, PageUp: 10, Home: -100, End: 100 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setSplit(split + step);
  });

  /** Reveal the colour from the left edge of the grey picture to the middle. */
  function sweep() {
    if (calm()) return setSplit(50);
    const start = performance.now();
    const frame = (now) => {
      const part = Math.min(1, (now - start) / 1600);
      if (element.dataset.sweeping !== "yes") return;
      setSplit(100 - 50 * (1 - (1 - part) ** 3));
      if (part < 1) requestAnimationFrame(frame);
      else delete element.dataset.sweeping;
    };
    element.dataset.sweeping = "yes";
    setSplit(100);
    requestAnimationFrame(frame);
  }


  const box = () => element.getBoundingClientRect();
  const fitScale = () => Math.min(box().width / size.width, box().height / size.height) || 1;
  const fullScale = () => 1 / devicePixelRatio;
  const limited = (scale) => Math.max(Math.min(fitScale(), fullScale()), Math.min(Math.max(MOST * fullScale(), fitScale()), scale));

  function apply() {
    if (!size.width) return;
    const { width, height } = box();
    view.scale = limited(fits ? fitScale() : view.scale);
    const [w, t] = [size.width * view.scale, size.height * view.scale];
    view.x = w <= width ? (width - w) / 2 : Math.min(0, Math.max(width - w, view.x));
    view.y = t <= height ? (height - t) / 2 : Math.min(0, Math.max(height - t, view.y));
    for (const frame of [left.frame, right.frame, marks]) {
      frame.style.width = `${w}px`;
      frame.style.height = `${t}px`;
      frame.style.transform = `translate(${view.x}px, ${view.y}px)`;
    }
    drawSplit();
    // From a zoom of 4 on, show single pixels: that is why people zoom in.
    element.classList.toggle("pixels", view.scale >= 4 * fullScale());
    element.classList.toggle("pannable", w > width + 1 || t > height + 1);
    onzoom({ percent: Math.round((view.scale / fullScale()) * 100), fits });
  }

  /** Zoom by `factor` around a point of the stage, by default its middle. */
  function zoomBy(factor, x = box().width / 2, y = box().height / 2) {
    const scale = limited(view.scale * factor);
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    fits = Math.abs(scale - fitScale()) < 1e-4 * scale;
    apply();
  }

  /** A place on the stage in shares of the photograph's sides. */
  const spotAt = ({ x, y }) => ({ x: (x - view.x) / (size.width * view.scale), y: (y - view.y) / (size.height * view.scale) });

  /** Say to what use the stage is put. */
  function use(name, on, label) {
    if (element.classList.toggle(name, on)) set(element, { "aria-label": label });
    else if (!element.matches(".hinting, .brushing")) set(element, { "aria-label": words.stage });
  }

  function resize() {
    size = quarter ? { width: own.height, height: own.width } : own;
    zoomFit();
  }

  const zoomFit = () => ((fits = true), apply());
  const zoomFull = (x, y) => zoomBy(fullScale() / view.scale, x, y);

  function panBy(x, y) {
    view.x += x;
    view.y += y;
    apply();
  }

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const far = Math.min(box().width, box().height) / 6;
    const act = {
      "+": () => zoomBy(STEP), "=": () => zoomBy(STEP), "-": () => zoomBy(1 / STEP), 0: zoomFit, 1: () => zoomFull(),
      ArrowLeft: () => panBy(far, 0), ArrowRight: () => panBy(-far, 0), ArrowUp: () => panBy(0, far), ArrowDown: () => panBy(0, -far),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left: x, top: y } = box();
    zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - x, event.clientY - y);
  }, { passive: false });
  element.addEventListener("dblclick", (event) => {
    if (event.target.closest(".handle, .marker") || element.matches(".hinting, .brushing")) return;
    const { left: x, top: y } = box();
    if (fits) zoomFull(event.clientX - x, event.clientY - y);
    else zoomFit();
  });
  followPointers(element, handle, { box, visible, setSplit, zoomBy, panBy, mayPan: () => element.classList.contains("pannable"), hinting: () => element.classList.contains("hinting"), painter: () => painter, point: (place) => point(spotAt(place)) });
  new ResizeObserver(apply).observe(element);
  setSplit(50);

  return {
    element, sweep, zoomBy, zoomFit, zoomFull, overlay, setSplit,
    left, right, marks,
    /** Call `onspot({ x, y })` with each spot that is clicked while hints are given. */
    onpoint: (onspot) => (point = (spot) => Math.min(spot.x, spot.y) >= 0 && Math.max(spot.x, spot.y) <= 1 && onspot(spot)),
    hinting: (on) => use("hinting", on, text.hints.stage),
    /** Give the pointer to `{ begin, move, end, drop, hover }`, or back with "". */
    painting(by) {
      const at = (deed) => (place) => deed(place && spotAt(place));
      painter = by ? { ...by, begin: at(by.begin), move: at(by.move), hover: at(by.hover) } : null;
      use("brushing", Boolean(by), text.repairs.stage);
    },
    /** Red, green and blue, 0 to 255, around a spot of the shown picture, or the grey one. */
    levelsAt: (x, y) => levels(right.image ?? left.image, x, y),
    focus: () => (divider.hidden ? element : handle).focus({ preventScroll: true }),
    /** Label each side; without a left side there is nothing to compare. */
    name(leftName, rightName, comparing) {
      names = { left: leftName, right: rightName };
      write(left.label, leftName);
      write(right.label, rightName);
      element.classList.toggle("comparing", comparing);
      const focused = element.contains(document.activeElement);
      divider.hidden = !comparing;
      // Keep the focus of a visitor who gives hints, unless it is on the handle that disappears.
      if (focused && !(comparing && element.classList.contains("hinting"))) (comparing ? handle : element).focus({ preventScroll: true });
      setSplit(split);
    },
    /** The size of the photograph in its own pixels; both pictures are shown at it. */
    measure(width, height) {
      if (own.width === width && own.height === height) return;
      own = { width, height };
      resize();
    },
    /** Show what lies so in its pictures as it will lie: `{ turn, mirror }` each; what a network chooses is not known yet. */
    lie(from, to) {
      const by = to.turn === "auto" ? 0 : (to.turn - from.turn + 360) % 360;
      const flip = ({ mirror }) => `scaleX(${mirror ? -1 : 1})`;
      element.style.setProperty("--lie", `${flip(to)} rotate(${by}deg) ${flip(from)}`);
      element.classList.toggle("lying", by > 0 || to.mirror !== from.mirror);
      if (quarter !== (quarter = element.classList.toggle("quarter", by % 180 > 0))) resize();
    },
    note: (sentence) => {
      write(note, sentence);
      note.hidden = !sentence;
    },
  };
}

const probe = h("canvas", { width: 3, height: 3 }).getContext("2d", { willReadFrequently: true });

function levels(image, x, y) {
  if (!image) return [128, 128, 128];
  const { naturalWidth: width, naturalHeight: height } = image;
  const reach = Math.max(1, Math.round(Math.max(width, height) / 300));
  const inside = (share, side) => Math.max(0, Math.min(side - 2 * reach, share * side - reach));
  probe.drawImage(image, inside(x, width), inside(y, height), 2 * reach, 2 * reach, 0, 0, 3, 3);
  return [...probe.getImageData(1, 1, 1, 1).data.slice(0, 3)];
}

function layer(side) {
  const frame = h("div.frame");
  const label = h("span.side-name");
  let image = null;
  return {
    element: h(`div.layer.${side}`, {}, frame, label),
    frame,
    label,
    get image() {
      return image;
    },
    put(picture) {
      if (picture === image) return;
      image?.remove();
      image = picture;
      if (picture) frame.prepend(picture);
    },
  };
}
