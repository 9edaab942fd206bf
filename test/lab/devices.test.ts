import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { formatFault } from "../../src/lab/index.ts";
import { parseManifest } from "../../src/machine/index.ts";
import { platformOf } from "../../src/machine/platforms.ts";
import { faultsOf, labOf, labTexts } from "./fixtures.ts";

const TASK = "  up: { machine: a, check: x }";

/** @param machines lines of `machines:`, each machine on one */
const head = (machines: readonly string[], rest = "") =>
  `hosts: { h: {}, i: {} }\nmachines:\n${machines.map((line) => `  ${line}\n`).join("")}${rest}`;

const specs = (machines: readonly string[], rest = "") =>
  labOf(labTexts(TASK, { head: head(machines, rest) })).machines.map(({ spec }) => spec);

const faults = (machines: readonly string[], rest = "") =>
  faultsOf(labTexts(TASK, { head: head(machines, rest) })).map((fault) => formatFault(fault).replace(/^\S+ /, ""));

const LAN = "links: { lan: { kind: hub } }";
const DOM0 = "dom0: { image: linux-dom0, host: h, disks: [{ size: 8, model: virtio }] }";

describe("devices of a lab's machines", () => {
  it("are what the image makes of them where the lab does not say", () => {
    const [plain, xen] = specs([
      "a: { image: linux, nics: [{}], disks: [{ size: 1 }, { size: 2 }] }",
      "b: { image: linux-xen, nics: [{}], disks: [{ size: 1 }, { size: 2 }] }",
    ]);
    expect(plain?.nics).toMatchObject([{ model: "virtio" }]);
    expect(plain?.disks).toEqual([
      { name: "vda", size: 1, model: "virtio" },
      { name: "vdb", size: 2, model: "virtio" },
    ]);
    expect(xen?.nics).toMatchObject([{ model: "xen" }]);
    expect(xen?.disks.map(({ name, model }) => [name, model])).toEqual([
      ["xvda", "xen"],
      ["xvdb", "xen"],
    ]);
  });

  it("are named by how many of their model come before them", () => {
    const [a] = specs(["a: { image: linux-xen, disks: [{ size: 1 }, { size: 1, model: ide }, { size: 1 }] }"]);
    expect(a?.disks.map(({ name }) => name)).toEqual(["xvda", "sda", "xvdb"]);
  });

  it("reach the machine with their link, backend and source", () => {
    const a =
      "a: { image: linux-xen, host: h, nics: [{ link: lan, backend: dom0 }], disks: [{ size: 8, backend: dom0, source: /dev/vda }] }";
    const [, domU] = specs([DOM0, a], LAN);
    expect(domU?.nics).toMatchObject([{ model: "xen", link: "lan", backend: "dom0" }]);
    expect(domU?.disks).toEqual([{ name: "xvda", size: 8, model: "xen", backend: "dom0", source: "/dev/vda" }]);
  });

  it("have names that scripts may use", () => {
    const texts = labTexts("  up: { check: 'dd if=/dev/{{machines.a.disks[0].name}}' }", {
      head: "machines:\n  a: { image: linux, disks: [{ size: 1 }] }",
    });
    expect(labOf(texts).tasks.up).toMatchObject({ check: { run: "dd if=/dev/vda" } });
  });

  it("come with the links they are plugged into", () => {
    const texts = labTexts(TASK, { head: head(["a: { image: linux, host: h, nics: [{ link: lan }] }"], LAN) });
    expect(labOf(texts).links).toEqual([{ name: "lan", spec: { kind: "hub" }, place: "h" }]);
  });

  it.each([
    [
      "of Xen on a machine that is not",
      ["a: { image: linux, nics: [{ model: xen }] }"],
      "machines.a.nics[0].model: a Xen device needs an image that runs on Xen, which `linux` is not.",
    ],
    [
      "with a backend that is no driver domain",
      ["b: { image: linux-xen, host: h }", "a: { image: linux-xen, host: h, disks: [{ size: 1, backend: b }] }"],
      "machines.a.disks[0].backend: `b` cannot serve devices: it has the image `linux-xen`, not `linux-dom0`.",
    ],
    [
      "with a backend on another host",
      [DOM0, "a: { image: linux-xen, host: i, disks: [{ size: 1, backend: dom0 }] }"],
      "machines.a.disks[0].backend: `dom0` is on the host `h`, `a` on another: put them on one host.",
    ],
    [
      "with a backend that comes later",
      ["a: { image: linux-xen, host: h, disks: [{ size: 1, backend: dom0 }] }", DOM0],
      "machines.a.disks[0].backend: `dom0` serves `a`: it has to be listed before it.",
    ],
    [
      "with a backend that is not Xen's",
      [DOM0, "a: { image: linux-xen, host: h, disks: [{ size: 1, model: ide, backend: dom0 }] }"],
      "machines.a.disks[0].backend: only a Xen device has a backend in another machine.",
    ],
    [
      "from a source that nobody holds",
      ["a: { image: linux-xen, disks: [{ size: 1, source: /dev/vda }] }"],
      "machines.a.disks[0].source: `source` is a path in the machine of the `backend`, and there is none.",
    ],
    [
      "behind a driver domain that is not the first",
      ["a: { image: linux-xen, host: h }", "d: { image: linux-dom0, host: h }"],
      "machines.d.image: the host `h` has `a` before it, and a `linux-dom0` is its first: domain 0.",
    ],
    [
      "with the same name",
      ["a: { image: linux, disks: [{ size: 1 }, { size: 1, name: vda }] }"],
      "machines.a: Machine `a`: two disks have the same name.",
    ],
    [
      "of the wrong name for their model",
      ["a: { image: linux, disks: [{ size: 1, name: xvda }] }"],
      "machines.a: Machine `a`: a disk of model virtio cannot be called `xvda`.",
    ],
  ])("%s are refused", (_, machines, message) => {
    expect(faults(machines, LAN)).toContain(message);
  });
});

describe("panels of devices", () => {
  const layout = (panel: string) => `layout: [${panel}, steps]`;

  it("name the machines they look at", () => {
    const texts = labTexts(TASK, {
      head: head(["a: { image: linux-xen, disks: [{ size: 1 }] }"], "layout: [ring:a, domains:a, io-costs, steps]"),
    });
    expect(labOf(texts).layout).toEqual([
      { kind: "ring", machine: "a" },
      { kind: "domains", machine: "a" },
      { kind: "io-costs" },
      { kind: "steps" },
    ]);
  });

  it.each([
    ["ring:a", "hypervisor", "layout[0]: `a` has no rings: the image `hypervisor` has no devices."],
    ["domains:a", "linux", "layout[0]: `a` is on no Xen host: its image is `linux`."],
    ["io-costs", "linux", "layout[0]: `io-costs` compares network cards and disks, and no machine has one."],
  ])("%s of a machine with the image %s are refused", (panel, image, message) => {
    expect(faults([`a: { image: ${image} }`], layout(panel))).toEqual([message]);
  });
});

describe("what boots on Xen", () => {
  it("is what the images' manifest says", async () => {
    const text = await readFile(new URL("../../images/built/manifest.json", import.meta.url), "utf8");
    const { images } = parseManifest(JSON.parse(text));
    const said = Object.entries(images).map(([name, image]) => [
      name,
      "platform" in image ? image.platform : undefined,
    ]);
    expect(said).toEqual(Object.keys(images).map((name) => [name, platformOf(name)]));
  });
});
