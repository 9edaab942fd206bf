/** Settings of devices and of links by the names hosts know them under (`HostApi.control`, `networkControl`). */
export const CONTROLS: readonly string[] = [
  "io.pace",
  "io.step",
  "io.reset",
  "xen.attach",
  "xen.detach",
  "xen.shutdown",
  "xen.memory",
  "network.hold",
  "network.step",
  "network.cut",
  "network.cable",
  "network.shape",
  "network.mirror",
  "network.forget",
  "network.reset",
  "network.replay",
];
