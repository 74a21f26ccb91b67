/** Estimates the time left from the pace of the last finished photographs; it needs a few of them. */

const REMEMBERED = 50;
const ends = [];
let lastDone = null;

/** The seconds left, or 0 while that is not known. */
export function timeLeft({ done, failed, working }) {
  const finished = done + failed;
  const now = Date.now();
  if (lastDone !== null) for (let n = lastDone; n < finished; n += 1) ends.push(now);
  lastDone = finished;
  ends.splice(0, ends.length - REMEMBERED);
  if (!working || ends.length < 3) return 0;
  return (((now - ends[0]) / (ends.length - 1)) * working) / 1000;
}
