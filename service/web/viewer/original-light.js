/** Takes the colour of a result away again: the scan's own light, as a file. */

import { Problem, createJob, deleteJob, fetchBlob, finishedJob, urls } from "../api/api.js";
import { newKey } from "../photos/photos.js";
import { resultName } from "../photos/wording.js";
import { saveAs } from "../ui/dom.js";

/** Have the service make it, save it, and leave no job behind; throws a Problem. */
export async function saveOriginalLight(photo, version) {
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
