import { formatMac, parseMac } from "../network/mac.ts";

/** One network card. */
export interface NicSpec {
  /** Six bytes as `aa:bb:cc:dd:ee:ff`, unicast. */
  readonly mac: string;
  /** What the guest finds: a virtio card, an NE2000 on PCI, or a Xen vif. */
  readonly model: "virtio" | "ne2k" | "xen";
  /** The link it is plugged into; undefined for none. Of a card with a `backend`, the bridge asked of that machine. */
  readonly link?: string;
  /** Of a switch: the VLAN of an access port, 1 to 4094; undefined for a trunk, or for an end that knows no VLANs. */
  readonly vlan?: number;
  /** Of a switch: the VLANs a trunk carries tagged; undefined for all. */
  readonly vlans?: readonly number[];
  /** Xen: the machine of the same host whose netback serves it; undefined for the host itself. */
  readonly backend?: string;
}

/** One disk, empty at first. */
export interface DiskSpec {
  /** Name in the guest and on the page: `vda`, `hda`, `xvda`. */
  readonly name: string;
  /** Size in MiB, 1 to 64. */
  readonly size: number;
  readonly model: "virtio" | "ide" | "xen";
  /** Xen: the machine of the same host whose blkback serves it, from a file of its own; undefined for the host itself. */
  readonly backend?: string;
  /**
   * Absolute path in the backend's machine of the block device or file that holds it. Undefined for
   * `/srv/<machine>-<disk>.img`, made with the disk's size.
   */
  readonly source?: string;
}

/** What a machine is before it runs: enough to start the same one again anywhere. */
export interface MachineSpec {
  /** Host name in the guest and name on the page: a letter, then letters, digits and `-`, at most 32. */
  readonly name: string;
  /** A name in the image catalogue. */
  readonly image: string;
  /** Guest-physical memory in MiB. */
  readonly memory: number;
  /** Network cards in the guest's order: the first is `eth0`. At most four, of which one may be emulated. */
  readonly nics: readonly NicSpec[];
  /** At most four, of which one may be IDE. */
  readonly disks: readonly DiskSpec[];
  /** Layers of the image unpacked before the first prompt; others come when one of their tools is first used. */
  readonly layers: readonly string[];
  /** Words for a machine that boots with options of its own (the hypervisor's: images/hypervisor/hv), as `mode=shadow`. */
  readonly options: readonly string[];
}

/** Memory a machine may ask for, in MiB: below the kernel and its initramfs do not fit; above a tab does not. */
export const MEMORY_RANGE = { least: 32, most: 512 } as const;

const NAME = /^[a-z][a-z0-9-]{0,31}$/i;
/** Of images and layers, which are files of ours. */
const PART_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** `name`, `name=value`, or the `--` that ends the machine's own; nothing an address or a command line would split. */
const OPTION = /^(?:--|[a-z][a-z0-9]{0,15}(?:=[a-z0-9-]{1,31})?)$/;
const MOST_OPTIONS = 24;

/** Thrown when a spec, or an address that should hold one, cannot be what it says. */
export class SpecError extends Error {
  override name = "SpecError";
}

const LINK_NAME = /^[a-z][a-z0-9-]{0,47}$/;
const NIC_MODELS = ["virtio", "ne2k", "xen"] as const;
const DISK_MODELS = ["virtio", "ide", "xen"] as const;
const DISK_NAME = { virtio: /^vd[a-d]$/, ide: /^sda$/, xen: /^xvd[a-d]$/ } as const;
/** Paths of devices and files, of characters that need no escaping anywhere. */
const SOURCE = /^(?:\/[a-z0-9][a-z0-9_-]{0,31}){1,6}$/;
const MOST_DISK = 64;
const MOST_DEVICES = 4;
const MOST_VLANS = 64;

/**
 * Checks a spec that came from outside and fills in what may be left out (64 MiB; no cards, disks, layers or options).
 *
 * @throws SpecError naming the machine and the field
 */
export function machineSpec(given: Partial<MachineSpec> & { name: string; image: string }): MachineSpec {
  const { name, image, memory = 64, nics = [], disks = [], layers = [], options = [] } = given;
  const wrong = (what: string) => new SpecError(`Machine \`${name}\`: ${what}`);
  if (!NAME.test(name)) throw wrong("a name is a letter, then letters, digits or -, at most 32 in all.");
  if (!PART_NAME.test(image)) throw wrong(`\`${image}\` is not the name of an image.`);
  if (!Number.isInteger(memory) || memory < MEMORY_RANGE.least || memory > MEMORY_RANGE.most) {
    throw wrong(`memory is ${MEMORY_RANGE.least} to ${MEMORY_RANGE.most} MiB in whole numbers, not ${memory}.`);
  }
  for (const layer of layers) if (!PART_NAME.test(layer)) throw wrong(`\`${layer}\` is not the name of a layer.`);
  for (const option of options) {
    if (!OPTION.test(option)) throw wrong(`\`${option}\` is not an option: expected name=value in lower case.`);
  }
  if (options.length > MOST_OPTIONS) throw wrong(`it has ${options.length} options; there may be ${MOST_OPTIONS}.`);
  return {
    name,
    image,
    memory,
    nics: checkedNics(nics, wrong),
    disks: checkedDisks(disks, wrong),
    layers: [...new Set(layers)],
    options: [...options],
  };
}

function checkedNics(nics: readonly NicSpec[], wrong: (what: string) => SpecError): NicSpec[] {
  if (nics.length > MOST_DEVICES) {
    throw wrong(`${nics.length} network cards were asked for; there may be ${MOST_DEVICES}.`);
  }
  const emulated = nics.filter(({ model }) => model === "ne2k").length;
  if (emulated > 1) throw wrong(`${emulated} cards of model ne2k were asked for; there may be one.`);
  return nics.map(({ mac, model, link, backend, vlan, vlans }) => {
    const bytes = parseMac(mac);
    if (!bytes || bytes[0]! & 1) throw wrong(`\`${mac}\` is not a unicast MAC address.`);
    if (!NIC_MODELS.includes(model))
      throw wrong(`\`${model}\` is not a network card; there are ${NIC_MODELS.join(", ")}.`);
    if (link !== undefined && !LINK_NAME.test(link)) throw wrong(`\`${link}\` is not the name of a link.`);
    checkBackend(model, backend, wrong);
    checkVlans(vlan, vlans, wrong);
    return {
      mac: formatMac(bytes),
      model,
      ...(link !== undefined && { link }),
      ...(backend !== undefined && { backend }),
      ...(vlan !== undefined && { vlan }),
      ...(vlans !== undefined && { vlans: [...new Set(vlans)] }),
    };
  });
}

function checkVlans(
  vlan: number | undefined,
  vlans: readonly number[] | undefined,
  wrong: (what: string) => SpecError,
): void {
  if (vlan !== undefined && vlans !== undefined) throw wrong("a card is on an access port or on a trunk, not on both.");
  const all = vlans ?? (vlan === undefined ? [] : [vlan]);
  if (vlans?.length === 0 || all.length > MOST_VLANS) throw wrong(`a trunk has 1 to ${MOST_VLANS} VLANs.`);
  for (const id of all) {
    if (!Number.isInteger(id) || id < 1 || id > 4094) throw wrong(`a VLAN id is 1 to 4094, not ${id}.`);
  }
}

function checkedDisks(disks: readonly DiskSpec[], wrong: (what: string) => SpecError): DiskSpec[] {
  const names = new Set(disks.map(({ name }) => name));
  if (names.size < disks.length) throw wrong("two disks have the same name.");
  if (disks.length > MOST_DEVICES) throw wrong(`${disks.length} disks were asked for; there may be ${MOST_DEVICES}.`);
  return disks.map(({ name, size, model, backend, source }) => {
    if (!DISK_MODELS.includes(model)) throw wrong(`\`${model}\` is not a disk; there are ${DISK_MODELS.join(", ")}.`);
    if (!DISK_NAME[model].test(name)) throw wrong(`a disk of model ${model} cannot be called \`${name}\`.`);
    if (!Number.isInteger(size) || size < 1 || size > MOST_DISK) {
      throw wrong(`disk \`${name}\` is 1 to ${MOST_DISK} MiB in whole numbers, not ${size}.`);
    }
    checkBackend(model, backend, wrong);
    if (source !== undefined && (backend === undefined || !SOURCE.test(source))) {
      throw wrong(`disk \`${name}\`: a source is an absolute path in the machine of its backend, not \`${source}\`.`);
    }
    return { name, size, model, ...(backend !== undefined && { backend }), ...(source !== undefined && { source }) };
  });
}

function checkBackend(model: string, backend: string | undefined, wrong: (what: string) => SpecError): void {
  if (backend === undefined) return;
  if (model !== "xen") throw wrong(`only Xen devices have a backend in another machine, not ${model}.`);
  if (!NAME.test(backend)) throw wrong(`\`${backend}\` is not the name of a machine.`);
}

/**
 * Writes a spec as one address parameter, `name~image~memory~nics~layers~options~disks`, with what is empty at the end
 * left off. A card is `mac*model*link*backend*vlan*vlans` with the MAC's colons left out, `virtio` as the model left out
 * and VLANs joined by `-`, a disk `name*size*model*backend*source`; lists are joined by `.`, and `!` stands for `=` and for
 * `/`, so that nothing needs escaping.
 */
export function specToAddress(spec: MachineSpec): string {
  const nics = spec.nics.map(({ mac, model, link = "", backend = "", vlan = "", vlans = [] }) =>
    record(mac.replaceAll(":", ""), model === "virtio" ? "" : model, link, backend, vlan, vlans.join("-")),
  );
  const disks = spec.disks.map(({ name, size, model, backend = "", source = "" }) =>
    record(name, size, model, backend, source.replaceAll("/", "!")),
  );
  const options = spec.options.join(".").replaceAll("=", "!");
  return [spec.name, spec.image, spec.memory, nics.join("."), spec.layers.join("."), options, disks.join(".")]
    .join("~")
    .replace(/~+$/, "");
}

const record = (...fields: (string | number)[]) => fields.join("*").replace(/\*+$/, "");

/**
 * Reads what {@link specToAddress} wrote.
 *
 * @throws SpecError with what is wrong, never a half-read spec
 */
export function specFromAddress(text: string): MachineSpec {
  const fields = text.split("~");
  const [name = "", image = "", memory = "64", nics = "", layers = "", options = "", disks = ""] = fields;
  if (fields.length < 2 || fields.length > 7) {
    throw new SpecError(`\`${text}\` is not a machine: expected name~image~memory~nics~layers~options~disks.`);
  }
  const list = (joined: string) => (joined === "" ? [] : joined.split("."));
  return machineSpec({
    name,
    image,
    memory: Number(memory),
    nics: list(nics).map(nicFromAddress),
    disks: list(disks).map(diskFromAddress),
    layers: list(layers),
    options: list(options.replaceAll("!", "=")),
  });
}

function nicFromAddress(text: string): NicSpec {
  const [digits = "", model = "", link = "", backend = "", vlan = "", vlans = ""] = text.split("*");
  return {
    mac: digits.replace(/(..)(?=.)/g, "$1:"),
    model: (model || "virtio") as NicSpec["model"],
    ...(link && { link }),
    ...(backend && { backend }),
    ...(vlan && { vlan: Number(vlan) }),
    ...(vlans && { vlans: vlans.split("-").map(Number) }),
  };
}

function diskFromAddress(text: string): DiskSpec {
  const [name = "", size = "", model = "", backend = "", source = ""] = text.split("*");
  return {
    name,
    size: Number(size),
    model: model as DiskSpec["model"],
    ...(backend && { backend }),
    ...(source && { source: source.replaceAll("!", "/") }),
  };
}
