/** Settings of devices by the names hosts know them under (`HostApi.control`). */
export const CONTROLS: readonly string[] = [
  "io.pace",
  "io.step",
  "io.reset",
  "xen.attach",
  "xen.detach",
  "xen.shutdown",
  "xen.memory",
];
