import { base, closeSession, isSignedIn, onKeyWanted, openSession } from "./api/api.js";
import { showBanner } from "./ui/banner.js";
import { iconButton, write } from "./ui/dom.js";
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
    showBanner(text.connection.unreachable);
  }
}

/** Ask until the service accepts a key; the rest of the page is blocked meanwhile. */
function askForKey() {
  const dialog = document.getElementById("sign-in");
  const form = dialog.querySelector("form");
  const [key, wrong, submit] = ["input", ".wrong", "button"].map((name) => form.querySelector(name));
  dialog.showModal();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await openSession(key.value.trim());
        form.reset();
        resolve();
        dialog.onclose = null;
        dialog.close();
      } catch (problem) {
        write(wrong, problem.status === 401 ? words.wrong : problem.detail || text.connection.unreachable);
        key.select();
      }
      submit.disabled = false;
    };
    // Ignore Escape: without a key there is nothing to show.
    dialog.onclose = () => dialog.showModal();
  });
}
