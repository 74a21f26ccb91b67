import { fill, h, icon, set, write } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.sheet;
const FILTERS = ["all", "working", "done", "stopped", "failed"];

export function makeToolbar(deeds) {
  const counts = Object.fromEntries(FILTERS.map((name) => [name, h("span.count")]));
  const radios = FILTERS.map((name) => h("input.unseen", { type: "radio", name: "filter", value: name, onchange: () => deeds.filter(name) }));
  const filters = h("fieldset.segments", {}, h("legend.unseen", {}, words.filterLabel), radios.map((radio, at) => h("label", {}, radio, h("span", {}, words.filters[FILTERS[at]], " ", counts[FILTERS[at]]))));
  const albums = h("select", { "aria-label": words.albumLabel, hidden: true, onchange: () => deeds.album(albums.value) });
  const archive = h("a.button", { download: "", hidden: true }, icon("download"), words.downloadAlbum);
  const overall = h("p.overall");
  const bar = h("span.bar-fill");
  const track = h("span.bar-track", {}, bar);
  const button = (name, label, deed) => h("button", { onclick: deed }, icon(name), label);
  const retryWords = h("span");
  const retry = button("retry", retryWords, deeds.retryFailed);
  const pause = button("pause", words.pause, deeds.pause);
  const resume = button("play", words.resume, deeds.resume);
  const cancel = button("stop", words.cancelAll, deeds.cancelAll);
  const select = button("select", words.select, () => deeds.select(true));
  const chosen = h("p", { role: "status" });
  const all = button("select", words.selectAll, deeds.selectAll);
  const match = button("palette", words.match, deeds.match);
  set(match, { title: words.matchLead });
  const zip = button("download", words.downloadSelected, deeds.zip);
  const remove = button("delete", words.deleteSelected, deeds.remove);
  const clear = button("close", words.clear, () => deeds.select(false));
  const usual = h("div.row.deeds", {}, archive, retry, pause, resume, cancel, select);
  const selecting = h("div.row.deeds", {}, chosen, all, match, zip, remove, clear);
  const element = h("div.toolbar", {}, filters, albums, h("div.progress", {}, overall, track), usual, selecting);

  return {
    element,
    /** `known` is a list of `{ id, name, count }`; `album` is the id of the one shown, or "". */
    draw({ filter, numbers, records, isSelecting, selected, zipping, known, album, archiveUrl, pausing }) {
      albums.hidden = !known.length;
      fill(albums, [["", words.everyAlbum], ...known.map(({ id, name, count }) => [id, words.albumEntry(name, count)])], album);
      set(archive, { href: archiveUrl });
      archive.hidden = !archiveUrl;
      for (const name of FILTERS) write(counts[name], String(numbers[name]));
      for (const radio of radios) radio.checked = radio.value === filter;
      // Rare: no room is kept for it.
      radios[FILTERS.indexOf("stopped")].parentElement.hidden = !numbers.stopped && filter !== "stopped";
      const atWork = numbers.working > 0;
      const left = timeLeft(numbers.working, records);
      const ahead = pausing.paused ? words.paused : left ? words.left(left) : "";
      write(overall, words.overall(numbers.done, numbers.all) + (atWork && ahead ? `, ${ahead}` : ""));
      bar.style.transform = `scaleX(${numbers.all ? 1 - numbers.working / numbers.all : 0})`;
      track.hidden = !atWork;
      retry.hidden = !numbers.failed && !numbers.stopped;
      write(retryWords, !numbers.stopped ? words.retryFailed : numbers.failed ? words.retryBoth : words.goOn);
      // The one button replaces the other and takes its focus.
      const focused = [pause, resume].includes(document.activeElement);
      pause.hidden = !pausing.running;
      resume.hidden = !pausing.paused;
      if (focused) (resume.hidden ? pause : resume).focus();
      cancel.hidden = numbers.working < 2;
      usual.hidden = isSelecting;
      selecting.hidden = !isSelecting;
      write(chosen, zipping ? words.zipping(...zipping) : words.selected(selected));
      for (const needs of [zip, remove]) needs.disabled = !selected || Boolean(zipping);
      match.disabled = selected < 2 || zip.disabled;
      set(element, { "data-selecting": isSelecting });
    },
  };
}

const REMEMBERED = 50;

/** Estimate the seconds left from the pace of the last that finished since the oldest of the others was sent, by the service's clock; 0 while there are too few. */
export function timeLeft(working, records) {
  const since = records.filter((record) => !record.finished_at).map((record) => record.created_at).sort()[0];
  const ends = records.map((record) => record.finished_at).filter((end) => end > since).sort().slice(-REMEMBERED);
  return ends.length < 3 ? 0 : (working * (Date.parse(ends.at(-1)) - Date.parse(ends[0]))) / (ends.length - 1) / 1000;
}
