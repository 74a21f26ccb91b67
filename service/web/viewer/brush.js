import { h, set } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.repairs;
const RADIUS = 9; // CSS pixels of the screen: zoom in for less

/** Tools that change the map of repairs on the stage; `make(mask)` gets it as a grey PNG of full size. */
export function makeBrush(stage, make) {
  const canvas = stage.overlay;
  const tools = [["source-over", words.add], ["destination-out", words.take]].map(([how, name]) => ({ how, button: h("button.chip", { "aria-pressed": "false", onclick: () => choose(chosen === how ? "" : how) }, name) }));
  const submit = h("button.primary", { disabled: true, onclick: async () => make(await maskOf(canvas)) }, text.adjust.make);
  const element = h("div.brush.row", { hidden: true, role: "group", "aria-label": words.correct }, tools.map(({ button }) => button), submit);
  let chosen = "";
  let last = null;

  function choose(how) {
    chosen = how;
    for (const tool of tools) set(tool.button, { "aria-pressed": String(tool.how === how) });
    stage.element.classList.toggle("brushing", Boolean(how));
    if (how) stage.setSplit(0);
  }

  function paint(event) {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    const at = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const context = canvas.getContext("2d");
    Object.assign(context, { globalCompositeOperation: chosen, lineWidth: 2 * RADIUS * scale, lineCap: "round", strokeStyle: "rgb(255 64 196)" });
    context.beginPath();
    context.moveTo(...(last ?? at));
    context.lineTo(at[0] + 0.01, at[1]); // without length nothing would be drawn
    context.stroke();
    last = at;
    submit.disabled = false;
  }

  const mine = (event) => chosen && !canvas.hidden && (event.stopImmediatePropagation(), true);
  stage.element.addEventListener("pointerdown", (event) => {
    if (event.button || !mine(event)) return;
    stage.element.setPointerCapture(event.pointerId);
    last = null;
    paint(event);
  }, true);
  stage.element.addEventListener("pointermove", (event) => mine(event) && event.buttons && paint(event), true);

  return {
    element,
    /** Show the tools for a map that was just drawn, or put them away. */
    show(on) {
      element.hidden = !on;
      submit.disabled = true;
      choose("");
    },
  };
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
