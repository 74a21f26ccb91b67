import { count } from "../ui/strings.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const words = {
  heading: "Photographs on this page",
  sending: "Sending the page and looking for photographs on it…",
  found: (n) => (n ? `${count(n, "photograph")} found. Correct the frames where they are wrong, then start.` : "The whole page is taken for one photograph. Draw frames where there are several."),
  lead: "Drag a frame to move it, its corners to change its size, the dot above it to turn it; draw on the page to add one. The thick side is the top of the photograph.",
  keys: "By keyboard: arrow keys move it, with Shift they change its size, comma and full stop turn it a little, T by a quarter, Space marks frames to join, Delete removes, Ctrl+Z and Ctrl+Shift+Z step back and forth.",
  stage: "The page with its frames",
  frame: (n, all, { width, height, angle }) => `Photograph ${n} of ${all}, ${Math.round(width)} by ${Math.round(height)} pixels, turned by ${number.format(angle)} degrees`,
  page: (n, all) => `Page ${n} of ${all}`,
  pageLabel: "Page of the scan",
  add: "Add",
  join: "Join",
  turn: "Turn",
  remove: "Remove",
  whole: "Whole page",
  asFound: "As found",
  gone: "The album page that you had begun is no longer kept on the server. Please add it again.",
  alike: "One set of colours for all of them",
  matching: (n) => `${n} new versions are being made.`,
  start: (n) => `Colour ${count(n, "photograph")}`,
  cancel: "Cancel",
  close: "Close",
  started: (n) => `The page is being cut; ${count(n, "photograph")} will appear here.`,
  failed: "The page could not be read.",
};
