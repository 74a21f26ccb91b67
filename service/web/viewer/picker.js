import { h, set, slider, write } from "../ui/dom.js";
import { chromaOf, cssOf, fitted, hueOf, levelsOf, mostChroma, ofHue } from "./cielab.js";
import { colourName, text } from "../ui/strings.js";

const words = text.hints;
const CELLS = 128;

/** `onpick({ a, b }, stroke)` gets every colour that is tried; one drag has one stroke. */
export function makePicker(onpick) {
  const likely = h("div.swatches", { role: "group", "aria-label": words.suggestions });
  const note = h("p.dim.small", { role: "status" });
  const canvas = h("canvas.field", { width: CELLS, height: CELLS, "aria-hidden": "true" });
  const dot = h("span.field-dot", { "aria-hidden": "true" });
  const hue = slider("hint-hue", { min: 0, max: 359 }, words.hue);
  const chroma = slider("hint-chroma", { min: 0, max: 100 }, words.chroma);
  const element = h(
    "div.picker",
    { role: "group", "aria-label": words.pick },
    h("p.small", {}, words.suggestions),
    likely,
    note,
    h("div.field-wrap", {}, canvas, dot),
    hue.element,
    chroma.element,
  );
  let colour = { l: 50, a: 0, b: 0 };
  let drawnLightness = null;
  /** The field shows a* and b* from -reach to reach: as far as colours exist at this lightness. */
  let reach = 90;
  let stroke = 0;

  function show() {
    const angle = chromaOf(colour) < 1 ? Number(hue.input.value) : Math.round(hueOf(colour)) % 360;
    const share = Math.min(100, Math.round((100 * chromaOf(colour)) / Math.max(1, mostChroma(colour.l, angle))));
    hue.input.value = angle;
    hue.say(colourName(angle));
    chroma.input.value = share;
    chroma.say(words.percent(share));
    if (drawnLightness !== colour.l) drawField((drawnLightness = colour.l));
    dot.style.left = `${50 + (50 * colour.a) / reach}%`;
    dot.style.top = `${50 - (50 * colour.b) / reach}%`;
    dot.style.background = cssOf(colour);
    for (const swatch of likely.children) set(swatch, { "aria-pressed": String(near(swatch.spot, colour)) });
  }

  function drawField(l) {
    const ends = HUES.map((hue) => ofHue(l, hue, mostChroma(l, hue)));
    reach = 6 + Math.max(12, ...ends.flatMap(({ a, b }) => [Math.abs(a), Math.abs(b)]));
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(CELLS, CELLS);
    for (let at = 0; at < CELLS * CELLS; at += 1) {
      const lab = { l, a: (2 * reach * (0.5 + (at % CELLS))) / CELLS - reach, b: reach - (2 * reach * (0.5 + Math.floor(at / CELLS))) / CELLS };
      const levels = levelsOf(lab);
      if (levels) pixels.data.set([...levels, 255], 4 * at);
    }
    context.putImageData(pixels, 0, 0);
  }

  function pick(wanted) {
    colour = fitted(wanted);
    show();
    onpick({ a: colour.a, b: colour.b }, stroke);
  }

  const bySliders = () => {
    const angle = Number(hue.input.value);
    pick(ofHue(colour.l, angle, (Number(chroma.input.value) / 100) * mostChroma(colour.l, angle)));
  };
  for (const { input } of [hue, chroma]) {
    input.addEventListener("focus", () => (stroke += 1));
    input.addEventListener("input", bySliders);
  }

  function byPointer(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    pick({ l: colour.l, a: (2 * x - 1) * reach, b: (1 - 2 * y) * reach });
  }
  canvas.addEventListener("pointerdown", (event) => (canvas.setPointerCapture(event.pointerId), (stroke += 1), byPointer(event)));
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && byPointer(event));

  return {
    element,
    from(lab) {
      colour = fitted(lab);
      show();
    },
    /** Show likely colours, the nearest first; null while they are being found. */
    suggest(spots, why = "") {
      likely.replaceChildren(
        ...(spots ?? []).map((spot, index) => {
          const name = words.suggestion(index + 1, colourName(hueOf(spot), chromaOf(spot)));
          const swatch = h("button.swatch", { "aria-label": name, title: name, onclick: () => ((stroke += 1), pick({ l: colour.l, a: spot.a, b: spot.b })) });
          swatch.style.background = spot.color;
          swatch.spot = spot;
          return swatch;
        }),
      );
      write(note, spots ? why : words.looking);
      show();
    },
    focus: () => (likely.firstElementChild ?? hue.input).focus({ preventScroll: true }),
  };
}

const HUES = Array.from({ length: 36 }, (_, index) => 10 * index);
const near = (one, other) => Math.hypot(one.a - other.a, one.b - other.b) < 1.5;
