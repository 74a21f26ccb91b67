/** How long the rest takes, from the pace of the last ends; a few are needed to know it. */

const REMEMBERED = 50;
const ends = [];
let lastDone = null;

/** Seconds that are left, or 0 while that is not known. */
export function timeLeft({ done, failed, working }) {
  const finished = done + failed;
  const now = Date.now();
  if (lastDone !== null) for (let n = lastDone; n < finished; n += 1) ends.push(now);
  lastDone = finished;
  ends.splice(0, ends.length - REMEMBERED);
  if (!working || ends.length < 3) return 0;
  return (((now - ends[0]) / (ends.length - 1)) * working) / 1000;
}
