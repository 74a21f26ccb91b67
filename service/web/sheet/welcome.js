/** Shown while there are no photographs: what the page is for, and one thing to do. */

import { h, icon } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.welcome;

export function makeWelcome(choose) {
  return h(
    "section.welcome",
    { "aria-labelledby": "welcome-heading" },
    h("div.welcome-words", {},
      h("h1", { id: "welcome-heading" }, words.heading),
      h("p.lead", {}, words.lead),
      h("div.row.choices", {},
        h("button.primary.large", { type: "button", onclick: () => choose() }, icon("photo"), words.choose),
        h("button.large", { type: "button", onclick: () => choose({ folder: true }) }, icon("folder"), words.folder)),
      h("p.dim", {}, words.paste)),
    h("div.print", { role: "img", "aria-label": words.picture }, scene("grey"), scene("colour"), h("span.print-line")),
    h("ul.promises", {}, words.promises.map(([heading, sentence]) => h("li", {}, h("h2", {}, heading), h("p", {}, sentence)))),
  );
}

/** The same small landscape twice; the style sheet colours each. */
function scene(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 400 300");
  svg.setAttribute("preserveAspectRatio", "xMidYMid slice");
  svg.setAttribute("class", `scene ${kind}`);
  const shapes = [
    ["sky", "M0 0h400v190H0z"],
    ["sun", "M300 66a27 27 0 1 0 .1 0z"],
    ["cloud", "M42 74c4-13 22-16 30-6 9-8 25-3 26 8 9-1 13 4 13 10H34c-4-6 1-12 8-12zm122-38c3-9 16-11 22-3 7-5 17-1 18 6 7 0 9 4 9 8h-56c-2-6 1-11 7-11z"],
    ["far", "M0 170 62 108l38 34 52-62 66 74 40-34 58 52 44-30 40 32v60H0z"],
    ["snow", "m152 80 22 25-12-3-9 8-11-9-9 4zm-90 28 14 12-12 1-8 6-6-7zm196 12 12 11-10 0-6 6-6-9z"],
    ["hill", "M0 196c60-34 120-30 176-8s120 12 224-22v70H0z"],
    ["water", "M0 226c90-16 160 8 234 2s116-12 166-8v80H0z"],
    ["shine", "M250 240h96v2h-96zm22 11h58v2h-58zm-30 13h70v2h-70zm40 13h34v2h-34z"],
    ["meadow", "M0 246c70-10 118 6 172 24 34 12 60 22 84 30H0z"],
    ["trunk", "M66 214h7v48h-7zm38 12h5v36h-5z"],
    ["tree", "m69 150 24 46H81l17 34H40l17-34H46zm37 34 17 31h-9l13 25H85l13-25h-8z"],
    ["wall", "M140 240h40v26h-40z"],
    ["roof", "m134 242 26-20 26 20z"],
    ["door", "M155 250h9v16h-9z"],
  ];
  for (const [part, d] of shapes) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", part);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
