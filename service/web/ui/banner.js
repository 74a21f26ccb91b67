import { h, set, write } from "./dom.js";

// A popover, so that it is above an opened photograph, too.
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

/** Show it again: the popover or dialog that was opened last is on top. */
export function raiseBanner() {
  if (!banner.matches(":popover-open")) return;
  banner.hidePopover();
  banner.showPopover();
}
