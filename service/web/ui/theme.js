import { icon, iconButton, set } from "./dom.js";
import { text } from "./strings.js";

const ORDER = ["auto", "dark", "light"];

export function makeThemeButton() {
  let theme = read();
  const button = iconButton(theme, text.theme[theme], () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    apply();
  });
  function apply() {
    document.documentElement.dataset.theme = theme;
    button.replaceChildren(icon(theme));
    set(button, { "aria-label": text.theme[theme], title: text.theme[theme] });
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // No storage allowed: the choice lasts while the page is open.
    }
  }
  apply();
  return button;
}

/** What `theme-first.js` found. */
function read() {
  const kept = document.documentElement.dataset.theme;
  return ORDER.includes(kept) ? kept : "auto";
}
