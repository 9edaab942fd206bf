/** Debian's Chromium. */
export const EXECUTABLE = "/usr/bin/chromium";

/** How Chromium is started for tests. */
export const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
