/** One sentence above everything: about the service, or about a trouble that belongs to no single photograph. */

import { h, set, write } from "./dom.js";

// A popover, so that it lies above an opened photograph, too.
export const banner = h("p.banner", { role: "status", popover: "manual" });
let timer = 0;

export function showBanner(words, { passing = true, trouble = passing } = {}) {
  clearTimeout(timer);
  set(banner, { "data-trouble": trouble });
  write(banner, words);
  banner.hidePopover();
  banner.showPopover();
  if (passing) timer = setTimeout(() => banner.hidePopover(), 6000);
}

/** What was opened last lies above what was there: come up again. */
export function raiseBanner() {
  if (!banner.matches(":popover-open")) return;
  banner.hidePopover();
  banner.showPopover();
}
