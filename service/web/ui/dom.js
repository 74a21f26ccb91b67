const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `h("button.primary", { onclick }, "Label")`; `null` children and attributes are left out, and no button submits unasked. */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  if (classes.length) element.className = classes.join(" ");
  set(element, attributes);
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Set properties that begin with `on`, attributes otherwise; `false` and `null` remove the attribute. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value == null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button with only an icon; its label is its tooltip and its name for screen readers. */
export function iconButton(name, label, onclick, selector = "button.quiet") {
  return h(selector, { "aria-label": label, title: label, onclick }, icon(name));
}

/** Change text only when it differs: screen readers repeat a live region at every write. */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Show a picture, or none; the same one is not loaded again. */
export function picture(image, url) {
  image.hidden = !url;
  if (url && image.getAttribute("src") !== url) image.src = url;
}

/** Offer `[value, label]` pairs; rebuilt only when they differ, since the list may be open. */
export function fill(select, entries, value) {
  const key = JSON.stringify(entries);
  if (select.dataset.drawn !== key) select.replaceChildren(...entries.map(([value, label]) => h("option", { value }, label)));
  select.dataset.drawn = key;
  select.value = value;
}

/** A slider with its label; `say(words)` tells its value. */
export function slider(id, range, label) {
  const input = h("input", { id, type: "range", ...range });
  const output = h("output.dim", { for: id });
  const element = h("div.slider", {}, h("div.row.spread", {}, h("label", { for: id }, label), output), input);
  const say = (words) => {
    write(output, words);
    input.setAttribute("aria-valuetext", words);
  };
  return { element, input, say };
}

/** Load a style sheet; without it, the page goes on as well as it can. */
export const style = (href) => new Promise((resolve) => document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve })));

const politely = document.getElementById("said");
const urgently = document.getElementById("urgent");

export function say(words, { urgent = false } = {}) {
  const region = urgent ? urgently : politely;
  // Empty it first, so that the same sentence is spoken again when it happens again.
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = words));
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
