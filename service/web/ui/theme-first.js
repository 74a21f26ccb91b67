// The page is painted before its modules are there, and must not turn from light to dark then.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme");
} catch {
  // No storage allowed: the device's own theme.
}
