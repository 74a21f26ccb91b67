import * as actions from "./photos/actions.js";
import * as albums from "./photos/albums.js";
import { announce } from "./announce.js";
import { base, capabilities, listJobs, urls } from "./api/api.js";
import { banner, raiseBanner, showBanner } from "./ui/banner.js";
import { h, icon, say, style, write } from "./ui/dom.js";
import { acceptFrom, chooseFiles } from "./photos/intake.js";
import { flush, namesNoted, note, noted } from "./photos/remembered.js";
import { makeLeaveButton } from "./sign-in.js";
import { onLink, sleep } from "./api/link.js";
import { knownAlbums, makeMany } from "./sheet/many.js";
import * as photos from "./photos/photos.js";
import { makeRoute } from "./route.js";
import * as sender from "./photos/sender.js";
import { makeSheet } from "./sheet/sheet.js";
import { text } from "./ui/strings.js";
import { makeThemeButton } from "./ui/theme.js";
import { makeToolbar } from "./sheet/toolbar.js";
import * as watcher from "./photos/watcher.js";

const main = document.getElementById("main");
const selected = new Set();
let filter = "all";
let album = "";
let selecting = false;
let zipping = null;
let loading = true;

const ADDING = {
  photographs: () => chooseFiles(add),
  folder: () => chooseFiles(add, { folder: true }),
  page: () => chooseFiles(([{ file }]) => import("./album/album.js").then(({ open }) => open(file, meet)), { multiple: false }),
};
for (const button of document.querySelectorAll("[data-add]")) button.onclick = ADDING[button.dataset.add];
document.querySelector(".mark").href = base;
document.querySelector("nav").append(makeThemeButton(), makeLeaveButton());
const veil = document.getElementById("veil");
veil.append(h("p", {}, icon("photo"), text.drop));

const many = makeMany({ shown: () => shownNow(), redraw: () => draw() });
const toolbar = makeToolbar({ ...many, filter: setFilter, album: setAlbum, select, selectAll, match: matchSelected, zip: downloadSelected, remove: removeSelected });
const sheet = makeSheet({ open: (photo, event) => (selecting ? toggle(photo, event) : route.visit(photo)), toggle, isSelecting: () => selecting, isSelected: (photo) => selected.has(photo) });
const nothing = h("p.nothing.dim", { role: "status", hidden: true });
const [welcome, wait] = ["welcome", "wait"].map((id) => document.getElementById(id));
const listing = h("section.listing", { "aria-labelledby": "listing-heading", hidden: true }, h("h1.unseen", { id: "listing-heading" }, text.sheet.label), toolbar.element, nothing, sheet.element);
main.append(banner, listing);

// A file's size costs a look at the disk: five hundred at once are felt.
const AT_ONCE = 10;

async function add(incoming) {
  if (!incoming.length) return showBanner(text.nothingFound);
  say(text.say.added(incoming.length));
  [album, filter] = ["", "all"];
  const [added, drop] = [Date.now(), albums.openDrop(incoming)];
  for (let from = 0; from < incoming.length; from += AT_ONCE) {
    const some = photos.addFiles(incoming.slice(from, from + AT_ONCE), { added, first: from, drop });
    sender.send(some.map((photo) => [photo, photo.versions[0]]));
    if (incoming.length === 1) return route.visit(some[0]);
    await sleep(0);
  }
}

function draw({ touched = null, structural = true } = {}) {
  const known = knownAlbums();
  if (!known.some(({ id }) => id === album)) album = "";
  const everything = album ? photos.all().filter((photo) => photo.batch === album) : photos.all();
  const groups = new Map(everything.map((photo) => [photo, photos.group(photo)]));
  const numbers = { all: everything.length, working: 0, done: 0, stopped: 0, failed: 0, gone: 0 };
  for (const group of groups.values()) numbers[group] += 1;
  wait.hidden = !loading || everything.length > 0;
  welcome.hidden = loading || everything.length > 0;
  listing.hidden = !everything.length;
  document.body.classList.toggle("empty", !everything.length);
  for (const photo of selected) if (!groups.has(photo)) selected.delete(photo);
  const fitting = filter === "all" ? everything : everything.filter((photo) => groups.get(photo) === filter);
  write(nothing, fitting.length ? "" : (text.sheet.none[filter] ?? ""));
  nothing.hidden = fitting.length > 0;
  toolbar.draw({ filter, numbers, records: everything.flatMap((photo) => photos.current(photo).record ?? []), isSelecting: selecting, selected: selected.size, zipping, known, album, archiveUrl: album && numbers.done ? urls.archive(album) : null, pausing: many.pausing() });
  if (structural || album || filter !== "all") sheet.show(fitting);
  else sheet.refresh(touched);
  announce(touched, numbers);
  document.title = text.title(viewer.photo?.name ?? (numbers.working ? text.sheet.overall(numbers.done, numbers.all) : ""));
}

function setFilter(name) {
  filter = name;
  draw();
}

function setAlbum(id) {
  album = id;
  draw();
}

const shownNow = () => photos.all().filter((photo) => !album || photo.batch === album);

function select(on) {
  selecting = on;
  toggled = null;
  selected.clear();
  draw();
}

function selectAll() {
  for (const photo of sheet.shown) selected.add(photo);
  draw();
}

let toggled = null;

/** With Shift, select all from the one before to this one. */
function toggle(photo, { shiftKey }) {
  const [from, to] = [sheet.shown.indexOf(toggled), sheet.shown.indexOf(photo)].sort((a, b) => a - b);
  if (shiftKey && from >= 0) for (const one of sheet.shown.slice(from, to + 1)) selected.add(one);
  else if (!selected.delete(photo)) selected.add(photo);
  toggled = photo;
  draw();
}

async function removeSelected() {
  if (await actions.removeAsking([...selected])) select(false);
}

async function matchSelected() {
  const { match } = await import("./album/together.js");
  match([...selected]);
  select(false);
}

async function downloadSelected() {
  try {
    const { takeOut } = await import("./sheet/download.js");
    await takeOut([...selected], (done, total) => {
      zipping = [done, total];
      draw({ touched: new Set(), structural: false });
    });
  } catch (problem) {
    showBanner(problem instanceof RangeError ? text.sheet.zipTooLarge : text.sheet.zipFailed);
  }
  zipping = null;
  draw();
}

const can = {};
let viewer = { photo: null, shut: () => {} };
let loaded = null;

/** Half of the page's scripts, which a first visitor does not wait for. */
const loadViewer = () => (loaded ??= Promise.all([import("./viewer/viewer.js"), style(new URL("viewer/viewer.css", import.meta.url))]).then(
  ([{ makeViewer }]) => (viewer = makeViewer(document.getElementById("viewer"), { go: route.go, close: route.close, neighbours: route.neighbours, capabilities: can })),
  // Where the service cannot be reached, the banner says so.
  () => sleep(1000).then(() => ((loaded = null), loadViewer())),
));
const route = makeRoute({ shown: () => sheet.shown, viewer: () => viewer, ready: loadViewer, arrived });

function arrived(left) {
  if (left && sheet.shown.includes(left)) sheet.focus(left);
  raiseBanner();
  draw({ touched: new Set(), structural: false });
}

onLink((up) => {
  if (up) showBanner(text.connection.back, { trouble: false });
  else showBanner(navigator.onLine ? text.connection.offline : text.connection.networkOff, { passing: false, trouble: true });
  if (up) void meet();
});

async function meet() {
  try {
    await Promise.all([capabilities().then((found) => Object.assign(can, found)), meetPhotos()]);
    // Album pages that a reload interrupted.
    if (namesNoted("localStorage", "page ").length) void import("./album/album.js").then(({ reopen }) => reopen(meet)).catch(() => {});
  } catch {
    // The watcher reports it.
  }
}

async function meetPhotos() {
  const [before, seen] = [photos.knownJobs(), new Set()];
  for await (const records of listJobs()) {
    for (const record of records) {
      seen.add(record.id);
      photos.adopt(record);
    }
  }
  // Deleted elsewhere, or expired.
  for (const job of before) if (!seen.has(job)) photos.lose(job);
  loading = false;
  draw();
  await albums.meetAlbums((id) => !sender.unsent() && photos.all().some((photo) => photo.batch === id));
  draw();
}

/** What this tab looked at, for a reload. */
function keepView() {
  note("sessionStorage", "view", { filter, album, selecting, ids: [...selected].map(({ id }) => id) });
}

function restoreView() {
  const kept = noted("sessionStorage", "view");
  if (!kept) return;
  ({ filter, album, selecting } = kept);
  for (const id of kept.ids) if (photos.get(id)) selected.add(photos.get(id));
}

async function begin() {
  acceptFrom(document, veil, add);
  addEventListener("pagehide", () => (keepView(), flush()));
  actions.onTrouble(showBanner);
  photos.watch(draw);
  await photos.restore();
  restoreView();
  sender.start(watcher.look);
  // The rest of the scripts comes when there is something to see; at once where a photograph was open.
  if (location.hash) void loadViewer();
  await meet();
  loading = false;
  draw();
  void route.follow();
  void loadViewer();
  void watcher.start();
}

void begin();
