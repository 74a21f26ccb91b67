/** What the page shows while there are no photographs; its words are in `index.html`. */
export function makeWelcome(choose, choosePage) {
  const element = document.getElementById("welcome");
  const deeds = [() => choose(), () => choose({ folder: true }), choosePage];
  element.querySelectorAll("button").forEach((button, at) => (button.onclick = deeds[at]));
  return element;
}
