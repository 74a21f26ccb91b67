import { base, call, json } from "../api/api.js";
import { all } from "../photos/photos.js";
import { h, icon } from "../ui/dom.js";
import { text } from "../ui/strings.js";

/** Offer hints of others of its set; `take` gets them as they lie in a version. */
export async function offer(photo, place, stays, take) {
  place.querySelector(".proposals")?.remove();
  const version = photo.versions.findLast(({ record }) => record?.series?.relatives.length);
  const set = [version.job, ...version.record.series.relatives];
  const hinted = all().flatMap(({ versions }) => (versions.some(({ job }) => set.includes(job)) && versions.findLast(({ job, options }) => job && options.hints?.length)) || []);
  const query = new URLSearchParams(hinted.map(({ job }) => ["hints_of", job]));
  const { proposals } = await call(`${base}v1/jobs/${version.job}/proposals?${query}`).then(json);
  if (!proposals.length || !stays()) return;
  const onclick = ({ currentTarget }) => (currentTarget.remove(), take(proposals.map(({ hint }) => hint), version));
  place.append(h("button.wide.proposals", { onclick }, icon("dropper"), text.hints.proposed(proposals.length)));
}
