import { h } from "../ui/dom.js";
import { makeCard } from "./card.js";
import { text } from "../ui/strings.js";

const GAP = 20;
const WORDS = 52;
const SPARE_ROWS = 2;
/** On wide screens: up to so many photographs, the least width of a card. */
const FEW = [[8, 290], [24, 240], [Infinity, 210]];

export function makeSheet({ open, toggle, isSelecting, isSelected }) {
  const element = h("div.sheet", { role: "list", "aria-label": text.sheet.label });
  const cards = new Map();
  let shown = [];
  let layout = { columns: 1, width: 0, row: 1 };
  let activeId = null;

  function measure() {
    const total = element.clientWidth;
    const least = total < 560 ? 140 : total < 1000 ? 180 : FEW.find(([many]) => shown.length <= many)[1];
    const gap = total < 560 ? 14 : GAP;
    const columns = Math.max(1, Math.floor((total + gap) / (least + gap)));
    const width = Math.floor((total - gap * (columns - 1)) / columns);
    layout = { columns, width, gap, row: width + WORDS + gap };
    element.style.setProperty("--cell", `${width}px`);
    element.style.height = `${Math.ceil(shown.length / columns) * layout.row}px`;
  }

  function visibleRange() {
    const top = element.getBoundingClientRect().top;
    const first = Math.floor(-top / layout.row) - SPARE_ROWS;
    const last = Math.ceil((innerHeight - top) / layout.row) + SPARE_ROWS;
    return [Math.max(0, first * layout.columns), Math.min(shown.length, last * layout.columns)];
  }

  /** Place the cards of the visible rows; `touched` limits redrawing to those that changed. */
  function place(touched = null) {
    if (!element.isConnected || !element.clientWidth) return;
    const [from, to] = visibleRange();
    const wanted = new Set(shown.slice(from, to));
    for (const [photo, card] of cards) if (!wanted.has(photo)) drop(photo, card);
    if (!wanted.has(byId(activeId))) activeId = shown[from]?.id ?? null;
    // From last to first, so that each new card can be inserted before its neighbour: screen readers follow this order.
    for (let index = to - 1, next = null; index >= from; index -= 1) next = put(shown[index], index, touched, next);
  }

  function put(photo, index, touched, next) {
    let card = cards.get(photo);
    const isNew = !card;
    if (isNew) {
      card = makeCard(photo, { open, toggle });
      cards.set(photo, card);
    }
    const column = index % layout.columns;
    const row = Math.floor(index / layout.columns);
    card.element.style.transform = `translate(${column * (layout.width + layout.gap)}px, ${row * layout.row}px)`;
    card.element.setAttribute("aria-posinset", index + 1);
    card.element.setAttribute("aria-setsize", shown.length);
    if (isNew || !touched || touched.has(photo)) card.redraw({ active: photo.id === activeId, selecting: isSelecting(), selected: isSelected(photo) });
    if (isNew) element.insertBefore(card.element, next);
    return card.element;
  }

  function drop(photo, card) {
    // Keep the card with the focus; otherwise scrolling would lose the keyboard's position.
    if (card.element.contains(document.activeElement) && shown.includes(photo)) return;
    card.release();
    card.element.remove();
    cards.delete(photo);
  }

  const byId = (id) => shown.find((photo) => photo.id === id);

  function activate(index, { focus = true } = {}) {
    const photo = shown[Math.max(0, Math.min(shown.length - 1, index))];
    if (!photo) return;
    activeId = photo.id;
    reveal(shown.indexOf(photo));
    place();
    if (focus) cards.get(photo)?.focus();
  }

  function reveal(index) {
    const top = element.getBoundingClientRect().top + Math.floor(index / layout.columns) * layout.row;
    const margin = 130;
    if (top < margin) scrollBy(0, top - margin);
    else if (top + layout.row > innerHeight) scrollBy(0, top + layout.row - innerHeight);
  }

  element.addEventListener("keydown", (event) => {
    const id = event.target.closest("[data-id]")?.dataset.id;
    const index = shown.findIndex((photo) => photo.id === id);
    const page = Math.max(1, Math.floor(innerHeight / layout.row)) * layout.columns;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: layout.columns, ArrowUp: -layout.columns, PageDown: page, PageUp: -page }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? shown.length - 1 : step && index + step;
    if (index < 0 || target === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (target >= 0 && target < shown.length) activate(target);
  });
  element.addEventListener("focusin", (event) => {
    const id = event.target.closest("[data-id]")?.dataset.id;
    if (!id || id === activeId) return;
    activeId = id;
    place();
  });
  let frame = 0;
  addEventListener("scroll", () => (frame ||= requestAnimationFrame(() => ((frame = 0), place(new Set())))), { passive: true });
  new ResizeObserver(() => (measure(), place(new Set()))).observe(element);

  return {
    element,
    show(photos) {
      shown = photos;
      measure();
      place();
    },
    refresh: place,
    focus: (photo) => activate(shown.indexOf(photo)),
    get shown() {
      return shown;
    },
  };
}
