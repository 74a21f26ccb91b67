/** Details for archivists: the file that came in, the result, and what made it. */

import { h, say } from "../ui/dom.js";
import { saveOriginalLight } from "./original-light.js";
import { bytes, day, text } from "../ui/strings.js";

const words = text.details;

export function makeDetails() {
  const list = h("dl");
  const light = h("button.wide", { type: "button", title: words.lightLead, onclick: () => void saveLight() }, words.light);
  const element = h("details.panel-part", {}, h("summary", {}, h("h3", {}, words.heading)), list, light);
  let drawn = "";
  let shown = [];

  async function saveLight() {
    light.disabled = true;
    try {
      await saveOriginalLight(...shown);
    } catch {
      say(words.lightFailed, { urgent: true });
    } finally {
      light.disabled = false;
    }
  }

  return {
    element,
    draw(photo, version) {
      shown = [photo, version];
      light.hidden = version.state !== "succeeded";
      const rows = facts(photo, version).filter(([, value]) => value);
      const key = JSON.stringify(rows);
      if (key === drawn) return;
      drawn = key;
      list.replaceChildren(...rows.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    },
  };
}

function facts(photo, { record, options }) {
  const { result, model, timings, warnings, film } = record ?? {};
  const seconds = Object.values(timings ?? {}).reduce((sum, stage) => sum + stage, 0);
  return [
    [words.file, `${photo.name}, ${bytes(photo.bytes)}`],
    [words.size, result && words.pixels(result.width, result.height)],
    [words.result, result && `${result.media_type}, ${bytes(result.bytes)}`],
    [text.adjust.heading, text.adjust.summary(options)],
    [words.film, film && words.filmBy[film.chosen_by]?.(film.film)],
    [words.lender, record?.reference?.name],
    [words.model, model && `${model.name} ${model.version}`],
    [words.provider, record?.provider ?? model?.provider],
    [words.took, seconds > 0 && words.seconds(seconds)],
    [words.kept, result?.expires_at && day(new Date(result.expires_at))],
    [words.notes, warnings?.length && warnings.join(" ")],
    [words.job, record?.id],
  ];
}
