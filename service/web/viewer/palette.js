import { h, icon, iconButton, say, set, write } from "../ui/dom.js";
import { chooseFiles } from "../photos/intake.js";
import { lenderFile } from "../photos/pictures.js";
import { text } from "../ui/strings.js";

const words = text.lender;

export function makeLender({ draft, make }) {
  const choose = h("button.wide", { onclick: () => chooseFiles(([one]) => lend(one?.file), { multiple: false }) }, icon("palette"), h("span", {}, words.choose));
  const picture = h("img", { alt: "", hidden: true });
  const name = h("span.grow.small");
  const remove = iconButton("close", words.remove, () => lend(null));
  const chosen = h("div.row.lender-chosen", { hidden: true }, picture, name, remove);
  const submit = h("button.primary.wide", { hidden: true, onclick: () => make() }, words.make);
  const element = h("section.panel-part.lender", { hidden: true, "aria-labelledby": "lender-heading" }, h("h3", { id: "lender-heading" }, words.heading), h("p.dim.small", {}, words.lead), choose, chosen, submit);
  let shownId = null;

  for (const kind of ["dragenter", "dragover"]) {
    element.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      set(element, { "data-over": true });
    });
  }
  element.addEventListener("dragleave", () => set(element, { "data-over": false }));
  element.addEventListener("drop", (event) => {
    // Marks the drop as handled for the page's own handler.
    event.preventDefault();
    set(element, { "data-over": false });
    const [file] = event.dataTransfer?.files ?? [];
    if (file) lend(file);
  });

  function lend(file) {
    const lender = file ? { id: `${file.name} ${file.size} ${file.lastModified}`, name: file.name, file } : null;
    draft.change((now) => (now.lender = lender));
    say(lender ? words.lent(lender.name) : words.removed);
    if (!lender) choose.focus({ preventScroll: true });
  }

  async function show(lender) {
    if (shownId === (lender?.id ?? null)) return;
    shownId = lender?.id ?? null;
    picture.hidden = true;
    if (picture.src) URL.revokeObjectURL(picture.src);
    if (!lender) return picture.removeAttribute("src");
    try {
      const blob = await lenderFile(lender);
      if (shownId !== lender.id) return;
      picture.src = URL.createObjectURL(blob);
      await picture.decode();
      picture.hidden = shownId !== lender.id;
    } catch {
      // Gone, or a format that browsers cannot show: its name must be enough.
    }
  }

  return {
    element,
    /** Set whether the draft can be tried, and whether the shown version has a lender. */
    know({ can, same, had }) {
      element.hidden = !can;
      const { lender } = draft;
      chosen.hidden = !lender;
      write(choose.lastChild, lender ? words.another : words.choose);
      write(name, lender?.name ?? "");
      submit.hidden = same || !(lender || had);
      if (can) void show(lender);
    },
  };
}
