import { base, closeSession, isSignedIn, onKeyWanted, openSession } from "./api/api.js";
import { showBanner } from "./ui/banner.js";
import { h, iconButton, write } from "./ui/dom.js";
import { forgetAll } from "./photos/remembered.js";
import { text } from "./ui/strings.js";

const words = text.key;

onKeyWanted(askForKey);

/** For visitors with a key: the next user of this browser sees nothing of theirs. */
export function makeLeaveButton() {
  const button = iconButton("leave", words.leave, leave);
  button.hidden = true;
  isSignedIn().then((yes) => (button.hidden = !yes), () => {});
  return button;
}

async function leave() {
  try {
    await closeSession();
    await forgetAll();
    location.replace(base);
  } catch {
    showBanner(words.unreachable);
  }
}

/** Ask until the service accepts a key; the rest of the page is blocked meanwhile. */
function askForKey() {
  const wrong = h("p.wrong", { role: "alert", id: "key-wrong" });
  const input = h("input", { id: "key", type: "password", autocomplete: "current-password", spellcheck: "false", required: true, autofocus: true, "aria-describedby": "key-lead key-wrong" });
  const submit = h("button.primary", { type: "submit" }, words.submit);
  const form = h("form", {}, h("label", { for: "key" }, words.label), input, wrong, h("div.row", {}, submit));
  const dialog = h("dialog.ask", { "aria-labelledby": "key-heading" }, h("h2", { id: "key-heading" }, words.heading), h("p", { id: "key-lead" }, words.lead), form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let taken = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await openSession(input.value.trim());
        taken = true;
        dialog.close();
      } catch (problem) {
        write(wrong, problem.status === 401 ? words.wrong : problem.detail || words.unreachable);
        input.select();
      }
      submit.disabled = false;
    });
    // Ignore Escape: without a key there is nothing to show.
    dialog.addEventListener("close", () => {
      if (!taken) return dialog.showModal();
      dialog.remove();
      resolve();
    });
  });
}
