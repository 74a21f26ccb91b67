// A finger is never completely still.
const STILL = 6;

/** One finger or mouse moves the divider, or the photograph when it is larger than the stage; two fingers zoom. */
export function followPointers(stage, handle, { box, visible, setSplit, zoomBy, panBy, mayPan, hinting, painter, point }) {
  const down = new Map();
  let mode = null;
  let start = null;
  const at = (event) => ({ x: event.clientX - box().left, y: event.clientY - box().top });
  const distance = () => {
    const [a, b] = [...down.values()];
    return { far: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest(".marker")) return;
    delete stage.dataset.sweeping;
    down.set(event.pointerId, at(event));
    stage.setPointerCapture(event.pointerId);
    if (down.size === 2) {
      if (mode === "paint") painter().drop();
      mode = "pinch";
    } else if (event.target.closest(".handle")) mode = "split";
    else if (painter() && !event.shiftKey) {
      mode = "paint";
      painter().begin(at(event));
    } else mode = mayPan() || hinting() ? "pan" : "split";
    start = hinting() && mode === "pan" ? at(event) : null;
    stage.dataset.mode = mode;
    if (event.target.closest(".handle")) handle.focus({ preventScroll: true });
  });
  stage.addEventListener("pointermove", (event) => {
    if (painter() && event.pointerType !== "touch") painter().hover(at(event));
    if (!down.has(event.pointerId)) return;
    const [before, now] = [down.get(event.pointerId), at(event)];
    if (mode === "pinch" && down.size === 2) {
      const old = distance();
      down.set(event.pointerId, now);
      const { far, x, y } = distance();
      zoomBy(far / Math.max(1, old.far), x, y);
      panBy(x - old.x, y - old.y);
      return;
    }
    down.set(event.pointerId, now);
    if (start && Math.hypot(now.x - start.x, now.y - start.y) > STILL) start = null;
    if (mode === "pan" && !start) panBy(now.x - before.x, now.y - before.y);
    if (mode === "paint") painter().move(now);
    if (mode === "split") setSplit(((now.x - visible().x) / visible().width) * 100);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => {
      const clicked = end === "pointerup" && start;
      start = null;
      if (mode === "paint") painter()[end === "pointerup" ? "end" : "drop"]();
      if (clicked && mode === "pan" && down.size === 1) point(clicked);
      down.delete(event.pointerId);
      if (!down.size) delete stage.dataset.mode;
      // After a pinch, the remaining finger must not make the divider jump.
      mode = null;
    });
  }
  stage.addEventListener("pointerleave", () => painter()?.hover(null));
}
