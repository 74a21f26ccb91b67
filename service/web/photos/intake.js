import { h } from "../ui/dom.js";

const LOOKS_LIKE_PHOTO = /\.(jpe?g|jpe|png|tiff?|webp|heic|heif|avif|jp2|j2k|jpx|jxl|bmp|dib|gif|p[bgnp]m)$/i;
const isPhoto = (file) => file.type.startsWith("image/") || LOOKS_LIKE_PHOTO.test(file.name);

/** Call `add([{ file, folder }])` with whatever the visitor brings. */
export function acceptFrom(target, veil, add) {
  let depth = 0;
  const shade = (change) => {
    depth = Math.max(0, change === 0 ? 0 : depth + change);
    veil.hidden = depth === 0;
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  target.addEventListener("dragenter", (event) => carriesFiles(event) && (event.preventDefault(), shade(1)));
  target.addEventListener("dragleave", (event) => carriesFiles(event) && shade(-1));
  target.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  target.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    shade(0);
    // A part of the page took it for itself.
    if (event.defaultPrevented) return;
    event.preventDefault();
    add(await dropped(event.dataTransfer));
  });
  target.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter(isPhoto);
    if (files.length) add(files.map((file) => ({ file: named(file), folder: "" })));
  });
}

export function chooseFiles(add, { folder = false, multiple = true } = {}) {
  const input = h("input", { type: "file", multiple, hidden: true, ...(folder ? { webkitdirectory: true } : { accept: "image/*,.tif,.tiff,.heic,.heif,.avif,.jp2,.j2k,.jxl" }) });
  // Safari forgets an input that is not in the document.
  document.body.append(input);
  input.addEventListener("change", () => {
    const files = [...input.files];
    // What is chosen by hand is sent as it is, so that a wrong file gets the service's answer; a folder is sifted.
    add(files.filter((file) => !folder || isPhoto(file)).map((file) => ({ file, folder: folderOf(file.webkitRelativePath) })));
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  input.click();
}

/** Read a drop; the entries must be taken at once, they are gone after the event. */
async function dropped(transfer) {
  // An entry costs the browser a look at the disk, and only what has no type can be a folder.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => (item.type ? null : item.webkitGetAsEntry?.()));
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return plain.map((file) => ({ file, folder: "" }));
  const found = [];
  for (const [index, entry] of entries.entries()) {
    if (entry?.isDirectory) await walk(entry, found);
    else if (plain[index]) found.push({ file: plain[index], folder: "" });
  }
  return found;
}

async function walk(folder, found) {
  const reader = folder.createReader();
  // readEntries gives at most a hundred at a time.
  for (let batch; (batch = await new Promise((yes, no) => reader.readEntries(yes, no))).length; ) {
    for (const entry of batch) {
      if (entry.isDirectory) await walk(entry, found);
      else if (LOOKS_LIKE_PHOTO.test(entry.name)) found.push({ file: await new Promise((yes, no) => entry.file(yes, no)), folder: folderOf(entry.fullPath) });
    }
  }
}

const folderOf = (path = "") => path.replace(/^\//, "").split("/").slice(0, -1).join("/");

// A pasted picture is always called image.png; two of them should be told apart.
let pasted = 0;
const named = (file) => (file.name === "image.png" ? new File([file], `pasted-${++pasted}.png`, { type: file.type }) : file);
