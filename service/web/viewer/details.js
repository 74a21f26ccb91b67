import { Problem, createJob, deleteJob, fetchBlob, finishedJob, urls } from "../api/api.js";
import { newKey } from "../photos/photos.js";
import { resultName } from "../photos/wording.js";
import { showBanner } from "../ui/banner.js";
import { h, saveAs } from "../ui/dom.js";
import { bytes, day, text } from "../ui/strings.js";

const words = text.details;

export function makeDetails() {
  const list = h("dl");
  const light = h("button.wide", { title: words.lightLead, onclick: () => void saveLight() }, words.light);
  const element = h("details.panel-part", {}, h("summary", {}, h("h3", {}, words.heading)), list, light);
  let drawn = "";
  let shown = [];

  async function saveLight() {
    light.disabled = true;
    try {
      await saveOriginalLight(...shown);
    } catch {
      showBanner(words.lightFailed);
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
    [words.made, text.adjust.summary(options)],
    [words.film, film && words.filmBy[film.chosen_by]?.(film.film)],
    [words.lender, record?.reference?.name],
    [words.series, record?.series?.matched && words.shared(record.series.members)],
    [words.model, model && `${model.name} ${model.version}`],
    [words.provider, record?.provider ?? model?.provider],
    [words.took, seconds > 0 && words.seconds(seconds)],
    [words.kept, result?.expires_at && day(new Date(result.expires_at))],
    [words.notes, warnings?.length && warnings.join(" ")],
    [words.job, record?.id],
  ];
}

/** Have the service take the colour away again, save the scan's own light, and leave no job behind; throws a Problem. */
async function saveOriginalLight(photo, version) {
  const blob = await fetchBlob(urls.result(version.job));
  const file = new File([blob], resultName(photo, version), { type: blob.type });
  const { id } = await createJob(file, { uncolor: true }, { key: newKey() });
  try {
    const { state, error, result } = await finishedJob(id);
    if (state !== "succeeded") throw new Problem(error?.code ?? "other", error?.detail);
    saveAs(await fetchBlob(urls.result(id)), result.name);
  } finally {
    await deleteJob(id);
  }
}
