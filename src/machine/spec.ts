import { formatMac, parseMac } from "../network/mac.ts";

/** One network card. Its link is the lab's business; the machine knows its address only. */
export interface NicSpec {
  /** Six bytes as `aa:bb:cc:dd:ee:ff`, unicast. */
  readonly mac: string;
}

/** What a machine is before it runs: enough to start the same one again anywhere. */
export interface MachineSpec {
  /** Host name in the guest and name on the page: a letter, then letters, digits and `-`, at most 32. */
  readonly name: string;
  /** A name in the image catalogue. */
  readonly image: string;
  /** Guest-physical memory in MiB. */
  readonly memory: number;
  /** Network cards in the guest's order: the first is `eth0`. At most one. */
  readonly nics: readonly NicSpec[];
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

/**
 * Checks a spec that came from outside and fills in what may be left out (64 MiB, no cards, layers or options).
 *
 * @throws SpecError naming the machine and the field
 */
export function machineSpec(given: Partial<MachineSpec> & { name: string; image: string }): MachineSpec {
  const { name, image, memory = 64, nics = [], layers = [], options = [] } = given;
  const wrong = (what: string) => new SpecError(`Machine \`${name}\`: ${what}`);
  if (!NAME.test(name)) throw wrong("a name is a letter, then letters, digits or -, at most 32 in all.");
  if (!PART_NAME.test(image)) throw wrong(`\`${image}\` is not the name of an image.`);
  if (!Number.isInteger(memory) || memory < MEMORY_RANGE.least || memory > MEMORY_RANGE.most) {
    throw wrong(`memory is ${MEMORY_RANGE.least} to ${MEMORY_RANGE.most} MiB in whole numbers, not ${memory}.`);
  }
  if (nics.length > 1) throw wrong(`${nics.length} network cards were asked for; a machine has at most one.`);
  for (const nic of nics) {
    const bytes = parseMac(nic.mac);
    if (!bytes || bytes[0]! & 1) throw wrong(`\`${nic.mac}\` is not a unicast MAC address.`);
  }
  for (const layer of layers) if (!PART_NAME.test(layer)) throw wrong(`\`${layer}\` is not the name of a layer.`);
  for (const option of options) {
    if (!OPTION.test(option)) throw wrong(`\`${option}\` is not an option: expected name=value in lower case.`);
  }
  if (options.length > MOST_OPTIONS) throw wrong(`it has ${options.length} options; there may be ${MOST_OPTIONS}.`);
  const cards = nics.map((nic) => ({ mac: formatMac(parseMac(nic.mac)!) }));
  return { name, image, memory, nics: cards, layers: [...new Set(layers)], options: [...options] };
}

/**
 * Writes a spec as one address parameter, `name~image~memory~macs~layers~options`, with what is empty at the end left off.
 * MAC addresses are written without colons, lists joined by `.` and `!` stands for `=`, so that nothing needs escaping.
 */
export function specToAddress(spec: MachineSpec): string {
  const macs = spec.nics.map((nic) => nic.mac.replaceAll(":", "")).join(".");
  return [spec.name, spec.image, spec.memory, macs, spec.layers.join("."), spec.options.join(".").replaceAll("=", "!")]
    .join("~")
    .replace(/~+$/, "");
}

/**
 * Reads what {@link specToAddress} wrote.
 *
 * @throws SpecError with what is wrong, never a half-read spec
 */
export function specFromAddress(text: string): MachineSpec {
  const fields = text.split("~");
  const [name = "", image = "", memory = "64", macs = "", layers = "", options = ""] = fields;
  if (fields.length < 2 || fields.length > 6) {
    throw new SpecError(`\`${text}\` is not a machine: expected name~image~memory~macs~layers~options.`);
  }
  const list = (joined: string) => (joined === "" ? [] : joined.split("."));
  const nics = list(macs).map((digits) => ({ mac: digits.replace(/(..)(?=.)/g, "$1:") }));
  return machineSpec({
    name,
    image,
    memory: Number(memory),
    nics,
    layers: list(layers),
    options: list(options.replaceAll("!", "=")),
  });
}
