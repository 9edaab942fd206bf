/** What a frontend can do to its backends: rings, grants under them, and the keys of the handshake. */
import { blkif, OPERATION } from "../../../xen/abi/blkif.ts";
import { PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { GTF } from "../../../xen/abi/grant-table.ts";
import { encodeGso, GSO, netif, TX_FLAG } from "../../../xen/abi/netif.ts";
import { SRING } from "../../../xen/abi/ring.ts";
import { XENBUS } from "../../../xen/abi/xenbus.ts";
import { type Attacks, domain, frame, type Scene, small } from "./attack.ts";
import { BlockFront, type FrontRing, NetworkFront } from "./fronts.ts";
import { FRAME } from "./kernel.ts";
import type { Attacker } from "./neighbours.ts";

interface Fronts {
  readonly block: BlockFront;
  readonly network: NetworkFront;
}

const FRONTS = new WeakMap<Attacker, Fronts>();

function frontsOf({ self, host }: Scene): Fronts {
  const known = FRONTS.get(self);
  if (known) return known;
  const block = new BlockFront(self.kernel, `${self.home}/device/vbd/51712`, host);
  const network = new NetworkFront(self.kernel, `${self.home}/device/vif/0`, host);
  const fronts = { block, network };
  FRONTS.set(self, fronts);
  return fronts;
}

const ringsOf = (scene: Scene): readonly FrontRing[] => {
  const { block, network } = frontsOf(scene);
  return [block.ring, network.tx, network.rx];
};

/** Takes the next step of a device's handshake by the book, so that what follows reaches its backend. */
function connect(scene: Scene): void {
  const { random, self } = scene;
  const { block, network } = frontsOf(scene);
  const device = random.pick([block, network]);
  const [front, back] = [device.state, device.backState].map(Number);
  const write = (state: number) => self.kernel.store("WRITE", `${device.path}/state\0${state}`);
  if (front === XENBUS.connected && back === XENBUS.connected && !random.chance(12)) return;
  if (back === XENBUS.initWait) device.offer();
  else if (back === XENBUS.connected && front === XENBUS.initialised) write(XENBUS.connected);
  else if (back === XENBUS.closed) {
    for (const key of ODD_KEYS) self.kernel.store("RM", `${device.path}/${key}\0`);
    write(XENBUS.initialising);
  } else write(XENBUS.closed);
}

/** Keys that a front need not write, and that have to make sense when it does. */
const ODD_KEYS = ["ring-page-order", "ring-ref0", "ring-ref1", "event-channel-tx", "event-channel-rx", "protocol"];

/** Writes a key of the handshake: the right one, a wrong one, or none. */
function key(scene: Scene): void {
  const { random, self } = scene;
  const { block, network } = frontsOf(scene);
  const device = random.pick([block, network]);
  const name = random.pick([
    "state",
    "state",
    "state",
    ...ODD_KEYS,
    "ring-ref",
    "event-channel",
    "tx-ring-ref",
    "rx-ring-ref",
    "feature-persistent",
    "request-rx-copy",
    "feature-sg",
    "feature-gso-tcpv4",
  ]);
  const value = random.pick([
    random.below(9),
    random.below(9),
    small(scene, 64),
    "",
    "-1",
    "x86_64-abi",
    "4294967296",
    "1e9",
  ]);
  if (random.chance(10))
    self.kernel.store("RM", `${device.path}/${random.chance(4) ? "" : name}\0`.replace("/\0", "\0"));
  else self.kernel.store("WRITE", `${device.path}/${name}\0${value}`);
}

/** Puts block requests into the ring, sound ones but for a field or two, and pushes them. */
function blockRequests(scene: Scene): void {
  const { random, self } = scene;
  const { ring, port } = frontsOf(scene).block;
  ring.take(blkif.RESPONSE_BYTES);
  for (let count = random.below(6); count >= 0; count--) {
    const bytes = random.chance(4) ? random.bytes(blkif.REQUEST_BYTES) : new Uint8Array(blkif.REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, random.pick([...Object.values(OPERATION), OPERATION.read, OPERATION.write, random.below(256)]));
    view.setUint8(1, random.pick([0, 1, 2, 11, 12, 255]));
    if (view.getUint8(0) === OPERATION.indirect)
      view.setUint16(2, random.pick([0, 1, 12, 256, 257, 512, 0xffff]), true);
    view.setUint32(12, random.pick([0, 8, 500, 511, 512, 0x7fffffff, 0xffffffff, random.below(512)]), true);
    for (let at = 20; at + blkif.SEGMENT_BYTES <= blkif.REQUEST_BYTES; at += blkif.SEGMENT_BYTES) {
      view.setUint32(at, reference(scene), true);
      view.setUint8(at + 4, random.pick([0, 0, 0, 1, 7, 8, 255]));
      view.setUint8(at + 5, random.pick([7, 7, 7, 0, 3, 8, 255]));
    }
    ring.put(bytes);
  }
  ring.push();
  self.kernel.send(port);
}

/** One packet's slots: of one fragment or several, perhaps with segmentation; sound, but for one in many. */
function packet(scene: Scene): Uint8Array[] {
  const { random } = scene;
  const fragments = random.pick([1, 1, 1, 2, 3, 17]);
  const sizes = Array.from({ length: fragments }, () => random.pick([60, 1514, 2000, 4096]));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const cut = random.chance(6);
  const slots = sizes.map((size, i) => {
    const bytes = new Uint8Array(netif.TX_REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, reference(scene), true);
    const more = i < fragments - 1 ? TX_FLAG.more_data : 0;
    view.setUint16(6, more | random.pick([0, TX_FLAG.csum_blank]) | (cut && i === 0 ? TX_FLAG.extra_info : 0), true);
    view.setUint16(8, i, true);
    view.setUint16(10, i === 0 ? Math.min(total, 0xffff) : size, true);
    return bytes;
  });
  if (cut) {
    const bytes = new Uint8Array(netif.TX_REQUEST_BYTES);
    encodeGso(new DataView(bytes.buffer), 0, random.pick([48, 1448, 0xffff]), random.pick([GSO.tcpv4, GSO.tcpv6]));
    slots.splice(1, 0, bytes);
  }
  if (random.chance(60)) random.pick(slots).set(random.bytes(4), 4 + random.below(5));
  return slots;
}

/** Headers of TCP in IPv4 at the start of a page, so that what is to be cut is something. */
function headers({ random, self }: Scene): void {
  const at = (FRAME.buffers + random.below(8)) * PAGE_SIZE;
  const { view } = self.kernel;
  view.setUint16(at + 12, random.pick([0x0800, 0x0800, 0x86dd]));
  view.setUint8(at + 14, random.pick([0x45, 0x45, 0x4f, 0x60, 0]));
  view.setUint16(at + 16, random.pick([1500, 4000, 60, 0xffff, 0]));
  view.setUint16(at + 20, random.pick([0, 0, 0x2000]));
  view.setUint8(at + 23, random.pick([6, 6, 17, 1]));
  view.setUint8(at + 46, random.pick([0x50, 0x50, 0xf0, 0]));
}

function transmit(scene: Scene): void {
  const { random, self } = scene;
  const { tx, port } = frontsOf(scene).network;
  tx.take(netif.TX_RESPONSE_BYTES);
  headers(scene);
  for (let count = random.below(8); count >= 0; count--) for (const slot of packet(scene)) tx.put(slot);
  tx.push();
  self.kernel.send(port);
}

function receive(scene: Scene): void {
  const { random, self } = scene;
  const { rx, port } = frontsOf(scene).network;
  rx.take(netif.RX_RESPONSE_BYTES);
  for (let count = random.below(24); count >= 0; count--) {
    const bytes = new Uint8Array(netif.RX_REQUEST_BYTES);
    new DataView(bytes.buffer).setUint32(4, reference(scene), true);
    rx.put(bytes);
  }
  rx.push();
  self.kernel.send(port);
}

/** Sets an index of a ring to anything. */
function index(scene: Scene): void {
  const { random, self } = scene;
  const ring = random.pick(ringsOf(scene));
  const at = random.pick([SRING.req_prod, SRING.req_event, SRING.rsp_prod, SRING.rsp_event]);
  const { header } = ring;
  const now = header.getUint32(at, true);
  const jump = random.pick([1, ring.capacity, ring.capacity + 1, -1, 0x80000000, random.word()]);
  header.setUint32(at, (now + jump) >>> 0, true);
  self.kernel.send(random.chance(2) ? frontsOf(scene).block.port : frontsOf(scene).network.port);
}

/** References that are granted, mostly: to pages of its own, also those a ring or Xen lies in. */
function reference(scene: Scene): number {
  const { random, self } = scene;
  if (random.chance(4)) return small(scene, 64);
  return self.kernel.grant(FRAME.buffers + random.below(8), scene.host, random.chance(3));
}

/** Writes a grant entry while it may be in use: takes it back, gives it to another, changes the frame under it. */
function grantEntry(scene: Scene): void {
  const { random, self } = scene;
  const flags = random.pick([
    0,
    GTF.permit_access,
    GTF.permit_access,
    GTF.permit_access | GTF.readonly,
    2,
    3,
    random.word() & 0xffff,
  ]);
  self.kernel.setGrant(random.below(64), flags, random.chance(2) ? scene.host : domain(scene), frame(scene));
}

/** Writes over a page that something else reads. */
function scribble({ random, self }: Scene): void {
  const { kernel } = self;
  const page = random.pick([
    FRAME.sharedInfo,
    FRAME.grants,
    FRAME.rings,
    FRAME.rings + 1,
    FRAME.rings + 2,
    FRAME.buffers,
    FRAME.buffers + 1,
    kernel.storePage / PAGE_SIZE + 1,
  ]);
  const from = page * PAGE_SIZE;
  for (let count = random.below(12); count >= 0; count--) {
    const at = from + 4 * random.below(random.chance(2) ? 32 : PAGE_SIZE / 4);
    if (at + 4 <= kernel.processor.memoryBytes)
      kernel.view.setUint32(at, random.chance(2) ? random.word() : random.below(70), true);
  }
}

function storm(scene: Scene): void {
  const { random, self } = scene;
  const { block, network } = frontsOf(scene);
  const port = random.pick([block.port, network.port, self.kernel.storePort, random.below(40)]);
  for (let count = random.below(200); count > 0; count--) self.kernel.send(port);
}

/** Frames that this program reads of a guest's. */
const LOOKED_AT = [
  FRAME.argument,
  FRAME.sharedInfo,
  FRAME.grants,
  FRAME.rings,
  FRAME.rings + 1,
  FRAME.rings + 2,
  FRAME.buffers,
  FRAME.buffers + 1,
] as const;
/** Words at the start of each: structures, headers of rings and their first slots. */
const WORDS = 160;

/**
 * A second processor of the guest's that stores while this program reads: for the rest of the turn words change between
 * two looks, to what stood somewhere else or to anything.
 */
function twoFaces({ random, self }: Scene): void {
  const { kernel } = self;
  kernel.processor.onLook = () => {
    if (!random.chance(3)) return;
    const word = () => random.pick(LOOKED_AT) * PAGE_SIZE + 4 * random.below(WORDS);
    const value = random.chance(2)
      ? kernel.view.getUint32(word(), true)
      : random.pick([0, 1, 8, 40, 0xffffffff, random.word()]);
    kernel.view.setUint32(word(), value, true);
  };
}

export const RING_ATTACKS: Attacks = {
  "a connection": [6, connect],
  "a handshake's key": [1, key],
  "block requests": [10, blockRequests],
  "frames out": [6, transmit],
  "buffers for frames": [4, receive],
  "a ring's index": [1, index],
  "a grant entry": [3, grantEntry],
  "a page written over": [1, scribble],
  "an event storm": [1, storm],
  "memory with two faces": [1, twoFaces],
};
