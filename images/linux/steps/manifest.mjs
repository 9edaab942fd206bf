// manifest.mjs WORK OLD: writes the manifest of the parts in WORK/shipped to the standard output. Other
// images that the manifest OLD (which need not exist) describes are kept. What was built for Xen is two
// images: one for guests, and one for the domain that has the drivers.
//
// Its format is checked by src/machine/image/manifest.ts.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { part, withImages } from "../../catalogue.mjs";

const RECIPE = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param terminal the tty of our virtio console
 * @param more what this image has beside the others
 */
const commandLine = (terminal, ...more) =>
  [
    // Both consoles hear a panic. The last one named is /dev/console.
    `console=ttyS0 console=${terminal}`,
    "quiet mitigations=off tsc=reliable random.trust_cpu=on",
    // "ip link" shows what the student made, and no dummy0.
    "dummy.numdummies=0",
    "rdinit=/init",
    ...more,
  ].join(" ");

/** Licence of each source package, as an SPDX expression over what we ship of it, by the Debian copyright file. */
const LICENCES = {
  linux: "GPL-2.0-only",
  busybox: "GPL-2.0-only",
  iproute2: "GPL-2.0-or-later",
  iptables: "GPL-2.0-or-later",
  libpcap: "BSD-3-Clause",
  tcpdump: "BSD-3-Clause",
  "util-linux": "GPL-2.0-or-later AND LGPL-2.1-or-later AND BSD-3-Clause",
  musl: "MIT",
  "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
  glibc: "LGPL-2.1-or-later",
  nftables: "GPL-2.0-only",
  libnftnl: "GPL-2.0-or-later",
  libmnl: "LGPL-2.1-or-later",
  jansson: "MIT",
  gmp: "LGPL-3.0-or-later OR GPL-2.0-or-later",
  libedit: "BSD-3-Clause",
  libbsd: "BSD-3-Clause",
  libmd: "BSD-3-Clause",
  ncurses: "MIT-open-group AND X11",
  "conntrack-tools": "GPL-2.0-or-later",
  "libnetfilter-conntrack": "GPL-2.0-or-later",
  libnfnetlink: "GPL-2.0-only",
  "libcap-ng": "LGPL-2.1-or-later",
  xen: "GPL-2.0-only AND LGPL-2.1-or-later",
};

/**
 * Which parts carry bytes of a package, by what it was downloaded for (the first word in packages/versions).
 * The kernel's are in its modules too.
 */
const PARTS = {
  kernel: ["kernel", "symbols"],
  link: ["initramfs"],
  layer: ["nft"],
  source: ["initramfs"],
};

const [work, old] = process.argv.slice(2);

const lines = (path) => readFileSync(join(work, path), "utf8").split("\n").filter(Boolean);
const [flavour] = lines("flavour");

const parts = {};
const layers = {};
for (const line of lines("shipped.list")) {
  const [name, content, file] = line.split(" ");
  const layer = /^layer-(.*)/.exec(name)?.[1];
  if (!layer) parts[name] = part(content, join(work, "shipped", file), file);
  else {
    const tools = lines(`layers/${layer}.tools`).map((path) => path.replace(/.*\//, ""));
    layers[layer] = { ...part(content, join(work, "shipped", file), file), tools };
  }
}

/** @returns one entry for each source package and version; several binary packages of one source share it */
function sourcesOf(layers) {
  const sources = new Map();
  for (const line of lines("packages/versions")) {
    const [kind, name, version, source, sourceVersion] = line.split(" ");
    if (!PARTS[kind]) continue;
    const licence = LICENCES[source];
    if (!licence) throw new Error(`manifest: no licence is written down for ${source}`);
    const parts = kind === "kernel" ? [...PARTS.kernel, ...layers] : PARTS[kind];
    const key = `${source} ${sourceVersion} ${parts}`;
    const entry = sources.get(key) ?? { source, sourceVersion, licence, parts, binaries: [] };
    if (kind !== "source") entry.binaries.push(`${name} ${version}`);
    sources.set(key, entry);
  }
  const own = ["initramfs", "rom", ...layers.filter((layer) => existsSync(join(RECIPE, "layers", layer)))];
  const entries = [...sources.values()].map(({ source, sourceVersion, licence, parts, binaries }) => ({
    package: source,
    version: sourceVersion,
    licence,
    parts,
    ...(binaries.length > 0 && { binaries: binaries.sort() }),
  }));
  entries.push({ package: "ringside", version: "images/linux", licence: "MIT", parts: own });
  return entries.sort((a, b) =>
    a.package < b.package ? -1 : a.package > b.package ? 1 : a.parts[0] < b.parts[0] ? -1 : 1,
  );
}

/** @returns what the manifest says of an image with these layers */
function image(name, title, commandLine, names) {
  const release = lines("kernel/release")[0].replace(/-ringside.*/, "");
  return {
    title: `Linux ${release}, ${title}`,
    commandLine,
    parts,
    layers: Object.fromEntries(names.map((layer) => [layer, layers[layer]])),
    build: { command: `npm run ringside -- image build ${name}`, recipe: "images/linux" },
    sources: sourcesOf(names),
  };
}

/** Both flavours have them. */
const LAYERS = ["nft", "links", "disk"];

/** @returns an image for Xen; Xen's own console comes first and is hvc0, ours is hvc1 */
const xenImage = (name, title, names, ...more) => ({
  ...image(name, title, commandLine("hvc1", "acpi=off", ...more), names),
  platform: "xen",
});

const images =
  flavour === "plain"
    ? { linux: image("linux", "small userland", commandLine("hvc0"), LAYERS) }
    : {
        "linux-xen": xenImage("linux-xen", "a guest of Xen", LAYERS),
        // What the kernel does not know it hands to init, as a variable: the layers this machine starts with.
        "linux-dom0": xenImage("linux-dom0", "Dom0 of Xen", [...LAYERS, "backends"], "LAYERS=backends"),
      };
console.log(withImages(old, images));
