import { h, icon } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.welcome;

export function makeWelcome(choose, choosePage) {
  return h(
    "section.welcome",
    { "aria-labelledby": "welcome-heading" },
    h("div.welcome-words", {},
      h("h1", { id: "welcome-heading" }, words.heading),
      h("p.lead", {}, words.lead),
      h("div.row.choices", {},
        h("button.primary.large", { onclick: () => choose() }, icon("photo"), words.choose),
        h("button.large", { onclick: () => choose({ folder: true }) }, icon("folder"), words.folder),
        h("button.large", { onclick: choosePage }, icon("page"), text.page)),
      h("p.dim", {}, words.paste)),
    h("div.print", { role: "img", "aria-label": words.picture }, scene("grey"), scene("colour"), h("span.print-line")),
    h("ul.promises", {}, words.promises.map(([heading, sentence]) => h("li", {}, h("h2", {}, heading), h("p", {}, sentence)))),
  );
}

/** The same small landscape twice; the style sheet colours each. */
function scene(kind) {
  const svg = document.getElementById("scene").content.firstElementChild.cloneNode(true);
  svg.classList.add(kind);
  return svg;
}
