import { createXXHash64 } from "hash-wasm";
import type { Image } from "../image/manifest.ts";
import type { DiskSpec, MachineSpec, NicSpec } from "../spec.ts";
import { V86_VERSION } from "../v86-internals.ts";

/**
 * A machine's state as it is stored: four bytes of magic, the length of a JSON header, the header, v86's state.
 *
 * Storage is not trusted: a state goes into a machine only when it is whole, unchanged, and was made by this version
 * of everything that has a say in its layout.
 */

const MAGIC = 0x50414e53; // "SNAP"
const HEADER_LIMIT = 4096;

/** Changes whenever a device of ours saves something else. */
const DEVICES_VERSION = 3;

/** Thrown when stored bytes are not a snapshot for this machine; they are of no further use. */
export class SnapshotError extends Error {
  override name = "SnapshotError";
}

/** Names what a snapshot fits. */
export interface SnapshotKey {
  /** The same for all snapshots that this site's version of an image can restore; older ones can be dropped. */
  readonly build: string;
  /** Beside the build, what the machine was made with. */
  readonly options: string;
}

/** The {@link SnapshotKey.build} of an image: every content that has a say in what its machines' memory holds. */
export function buildKey(name: string, image: Image): string {
  const parts = Object.values(image.parts).map((part) => part.rawSha256.slice(0, 12));
  return [name, V86_VERSION, DEVICES_VERSION, ...parts].join("_");
}

export function snapshotKey(spec: MachineSpec, image: Image): SnapshotKey {
  const layers = spec.layers.map((name) => `${name}-${image.layers[name]?.rawSha256.slice(0, 12)}`);
  return {
    build: buildKey(spec.image, image),
    options: [spec.memory, ...spec.nics.map(nicKey), ...spec.disks.map(diskKey), ...layers, ...spec.options].join("_"),
  };
}

/** A virtio card's address is given to the guest again after a restore; the driver of any other keeps the one it found. */
const nicKey = ({ model, mac }: NicSpec) => (model === "virtio" ? model : `${model}-${mac.replaceAll(":", "")}`);
const diskKey = ({ model, name, size }: DiskSpec) => `${model}-${name}-${size}`;

interface Header {
  readonly key: SnapshotKey;
  readonly bytes: number;
  readonly xxhash64: string;
}

/** Wraps a state for storing. */
export async function wrapState(state: ArrayBuffer, key: SnapshotKey): Promise<Uint8Array<ArrayBuffer>> {
  const header: Header = { key, bytes: state.byteLength, xxhash64: await checksum(new Uint8Array(state)) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + state.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, text.length, true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(state), 8 + text.length);
  return bytes;
}

/**
 * @returns the state inside
 * @throws SnapshotError saying what is wrong: cut short, changed, or made for another machine or version
 */
export async function unwrapState(bytes: Uint8Array, key: SnapshotKey): Promise<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== MAGIC) throw new SnapshotError("this is not a snapshot");
  const length = view.getUint32(4, true);
  if (length > HEADER_LIMIT || bytes.length < 8 + length) throw new SnapshotError("the snapshot is cut short");
  const header = readHeader(bytes.subarray(8, 8 + length));
  if (header.key.build !== key.build || header.key.options !== key.options) {
    throw new SnapshotError("the snapshot belongs to another machine or version");
  }
  const state = bytes.slice(8 + length);
  if (state.length !== header.bytes) throw new SnapshotError("the snapshot is cut short");
  if ((await checksum(state)) !== header.xxhash64) throw new SnapshotError("the snapshot is damaged");
  return state.buffer;
}

function readHeader(bytes: Uint8Array): Header {
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Header> | null;
    if (typeof header?.key?.build === "string" && typeof header.key.options === "string") return header as Header;
  } catch {
    // reported below, like a header of another shape
  }
  throw new SnapshotError("the snapshot's header is damaged");
}

/** Guards against damage, not against an attacker: who can write this site's storage can write its code. */
async function checksum(bytes: Uint8Array): Promise<string> {
  const hash = await createXXHash64();
  return hash.init().update(bytes).digest("hex");
}
