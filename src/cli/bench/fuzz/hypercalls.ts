/** Hypercalls of every family with random arguments, over memory that holds anything. */
import { PAGE_SIZE } from "../../../xen/abi/domains.ts";
import {
  ALLOC_UNBOUND,
  BIND_INTERDOMAIN,
  BIND_IPI,
  BIND_VCPU,
  BIND_VIRQ,
  EVTCHNOP,
  PORT_ONLY,
  RESET,
  STATUS,
} from "../../../xen/abi/event-channel.ts";
import {
  GET_VERSION,
  GNTTAB_COPY,
  GNTTABOP,
  MAP_GRANT_REF,
  QUERY_SIZE,
  SET_VERSION,
  SETUP_TABLE,
  SWAP_GRANT_REF,
  UNMAP_AND_REPLACE,
  UNMAP_GRANT_REF,
} from "../../../xen/abi/grant-table.ts";
import { HVM_PARAM_ARGUMENT, HVMOP } from "../../../xen/abi/hvm.ts";
import { HYPERCALL, MULTICALL_ENTRY_BYTES } from "../../../xen/abi/hypercalls.ts";
import { type AnyLayout, type Field, type Layout, writeField } from "../../../xen/abi/layout.ts";
import {
  ADD_TO_PHYSMAP,
  MEMORY_DOMAIN,
  MEMORY_RESERVATION,
  REMOVE_FROM_PHYSMAP,
  XENMEM,
} from "../../../xen/abi/memory.ts";
import { SCHED_POLL, SCHED_SHUTDOWN, SCHED_WATCHDOG, SCHEDOP } from "../../../xen/abi/sched.ts";
import {
  REGISTER_MEMORY_AREA,
  REGISTER_VCPU_INFO,
  SET_PERIODIC_TIMER,
  SET_SINGLESHOT_TIMER,
  VCPUOP,
} from "../../../xen/abi/vcpu.ts";
import { FEATURE_INFO, XENVER } from "../../../xen/abi/version.ts";
import { type Attacks, domain, frame, length, type Scene, small } from "./attack.ts";
import { FRAME } from "./kernel.ts";
import { SHARED } from "./neighbours.ts";

type Draw = (scene: Scene) => number;

/** Values for a structure's fields by their names; others are drawn as small numbers. */
const DRAWS: Readonly<Record<string, Draw>> = {
  domid: domain,
  dom: domain,
  remote_dom: domain,
  source_domid: domain,
  dest_domid: domain,
  port: portOf,
  remote_port: (scene) => small(scene, 40),
  virq: (scene) => small(scene, 26),
  vcpu: (scene) => small(scene, 2),
  ref: reference,
  ref_a: reference,
  ref_b: reference,
  source: (scene) => (scene.random.chance(2) ? reference(scene) : frame(scene)),
  dest: (scene) => (scene.random.chance(2) ? reference(scene) : frame(scene)),
  host_addr: address,
  new_addr: (scene) => (scene.random.chance(4) ? address(scene) : 0),
  flags: ({ random }) => random.pick([0, 1, 2, 2, 2, 3, 4, 6, 6, 8, 16, random.word()]),
  handle: (scene) => small(scene, 64),
  source_offset: length,
  dest_offset: length,
  len: length,
  nr_frames: (scene) => small(scene, 40),
  frame_list: pointer,
  extent_start: pointer,
  nr_extents: ({ random }) => random.pick([0, 1, 2, 3, 8, 64, 1024, 0xffffffff]),
  extent_order: ({ random }) => random.pick([0, 0, 0, 0, 1, 3, 9, 10, 31, 32, random.word()]),
  space: (scene) => small(scene, 6),
  idx: (scene) => small(scene, 36),
  gpfn: frame,
  mfn: frame,
  offset: (scene) => length(scene) & ~(scene.random.chance(3) ? 0 : 3),
  index: (scene) => small(scene, 40),
  value: ({ random }) => random.word(),
  ports: pointer,
  nr_ports: (scene) => small(scene, 130),
  va: pointer,
};

/** Ports: any of the guest's, rarely those of xenstored and the console, which it cannot have again. */
function portOf(scene: Scene): number {
  const port = small(scene, 40);
  return port > 0 && port < 3 && !scene.random.chance(64) ? port + 3 : port;
}

/** References: of grants that are given for devices, of pages the victim shows, and others. */
function reference(scene: Scene): number {
  const { random } = scene;
  return random.pick([
    small(scene, 64),
    SHARED.readable,
    SHARED.readable + 2,
    SHARED.writable,
    SHARED.writable + 2,
    small(scene, 2100),
  ]);
}

function address(scene: Scene): number {
  return frame(scene) * PAGE_SIZE + (scene.random.chance(8) ? scene.random.below(PAGE_SIZE) : 0);
}

/** Where an argument may point: into memory that holds sense, anywhere, across the end of memory, nowhere. */
function pointer({ random }: Scene): number {
  switch (random.below(6)) {
    case 0:
      return random.word();
    case 1:
      return (4 << 20) - random.below(64);
    case 2:
      return random.below(4 << 20);
    default:
      return (FRAME.buffers + random.below(8)) * PAGE_SIZE + random.below(PAGE_SIZE);
  }
}

const NOTHING: Layout<Readonly<Record<string, Field>>> = { bytes: 0, fields: {} };

/** What ends the caller is tried apart from the others: there are better things to try. */
const { shutdown: _shutdown, watchdog: _watchdog, ...WITHOUT_END } = SCHEDOP;
const { reset: _reset, ...WITHOUT_RESET } = EVTCHNOP;

/** Commands of each family with the structure that their argument points to, `NOTHING` where none is known. */
const CALLS: readonly (readonly [number: number, command: number, layout: AnyLayout, weight: number])[] = [
  ...commands(HYPERCALL.event_channel_op, WITHOUT_RESET, {
    bind_interdomain: BIND_INTERDOMAIN,
    bind_virq: BIND_VIRQ,
    close: PORT_ONLY,
    send: PORT_ONLY,
    status: STATUS,
    alloc_unbound: ALLOC_UNBOUND,
    bind_ipi: BIND_IPI,
    bind_vcpu: BIND_VCPU,
    unmask: PORT_ONLY,
  }),
  ...commands(HYPERCALL.grant_table_op, GNTTABOP, {
    map_grant_ref: MAP_GRANT_REF,
    unmap_grant_ref: UNMAP_GRANT_REF,
    setup_table: SETUP_TABLE,
    copy: GNTTAB_COPY,
    query_size: QUERY_SIZE,
    unmap_and_replace: UNMAP_AND_REPLACE,
    set_version: SET_VERSION,
    get_version: GET_VERSION,
    swap_grant_ref: SWAP_GRANT_REF,
  }),
  ...commands(HYPERCALL.memory_op, XENMEM, {
    increase_reservation: MEMORY_RESERVATION,
    decrease_reservation: MEMORY_RESERVATION,
    populate_physmap: MEMORY_RESERVATION,
    add_to_physmap: ADD_TO_PHYSMAP,
    remove_from_physmap: REMOVE_FROM_PHYSMAP,
    current_reservation: MEMORY_DOMAIN,
    maximum_reservation: MEMORY_DOMAIN,
    maximum_gpfn: MEMORY_DOMAIN,
  }),
  ...commands(HYPERCALL.hvm_op, HVMOP, { set_param: HVM_PARAM_ARGUMENT, get_param: HVM_PARAM_ARGUMENT }),
  ...commands(HYPERCALL.vcpu_op, VCPUOP, {
    register_runstate_memory_area: REGISTER_MEMORY_AREA,
    set_periodic_timer: SET_PERIODIC_TIMER,
    set_singleshot_timer: SET_SINGLESHOT_TIMER,
    register_vcpu_info: REGISTER_VCPU_INFO,
  }),
  ...commands(HYPERCALL.sched_op, WITHOUT_END, { poll: SCHED_POLL }),
  ...commands(HYPERCALL.xen_version, XENVER, { get_features: FEATURE_INFO }),
];

function commands<K extends string>(
  number: number,
  names: Readonly<Record<K, number>>,
  layouts: Partial<Record<K, AnyLayout>>,
): (readonly [number, number, AnyLayout, number])[] {
  return (Object.keys(names) as K[]).map((name) => {
    const layout = layouts[name];
    return [number, names[name], layout ?? NOTHING, layout ? 4 : 1] as const;
  });
}

const BAG = CALLS.flatMap((call) => Array.from({ length: call[3] }, () => call));

/** Fills a structure. @returns where it is */
function fill(scene: Scene, { bytes, fields }: AnyLayout, count: number): number {
  const { random, self } = scene;
  const at = random.chance(12) ? pointer(scene) : FRAME.argument * PAGE_SIZE + random.below(8) * 4;
  const { view, processor } = self.kernel;
  for (let element = 0; element < count; element++) {
    const start = at + element * bytes;
    if (start + bytes > processor.memoryBytes) break;
    for (const [name, [offset, kind]] of Object.entries(fields)) {
      const draw = random.chance(24) ? random.word() : (DRAWS[name]?.(scene) ?? small(scene, 8));
      writeField(view, start + offset, kind, kind === "u64" ? wide(scene, draw) : draw);
    }
  }
  return at >>> 0;
}

function wide({ random }: Scene, low: number): bigint {
  const high = random.chance(16) ? random.word() : 0;
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** A call that makes sense but for its details. */
function callKnown(scene: Scene): void {
  const [number, command, layout] = scene.random.pick(BAG);
  const list = number === HYPERCALL.grant_table_op;
  const count = list ? scene.random.pick([1, 1, 1, 1, 2, 5, 0]) : 1;
  const at = fill(scene, layout, count);
  if (number === HYPERCALL.vcpu_op) scene.self.kernel.call(number, command, small(scene, 2), at);
  else scene.self.kernel.call(number, command, at, scene.random.chance(40) ? scene.random.word() : count);
}

/** Any number at all, and any arguments. */
function callAnything(scene: Scene): void {
  const { random, self } = scene;
  const number = random.chance(4) ? random.word() : random.below(56);
  const argument = () => random.pick([random.below(24), pointer(scene), random.word()]);
  if (number === HYPERCALL.sched_op) return;
  self.kernel.call(number, argument(), argument(), argument(), argument(), argument());
}

/** A list of calls, each filled in as single ones are, with their arguments in pages of their own. */
function callMany(scene: Scene): void {
  const { random, self } = scene;
  const list = (FRAME.buffers + 12) * PAGE_SIZE;
  const count = random.pick([0, 1, 2, 5, 8, 64, 65, 0xffffffff]);
  for (let entry = 0; entry < Math.min(count, 8); entry++) {
    const [number, command, layout] = random.pick(BAG);
    const at = fill(scene, layout, 1);
    const words = [random.chance(20) ? HYPERCALL.multicall : number, 0, command, at, random.pick([1, 1, at])];
    for (const [i, word] of words.entries()) {
      self.kernel.view.setUint32(list + entry * MULTICALL_ENTRY_BYTES + i * 4, word, true);
    }
  }
  self.kernel.call(HYPERCALL.multicall, random.chance(10) ? pointer(scene) : list, count);
}

function end(scene: Scene): void {
  const commands = [
    [HYPERCALL.sched_op, SCHEDOP.shutdown, SCHED_SHUTDOWN],
    [HYPERCALL.sched_op, SCHEDOP.shutdown_code, SCHED_SHUTDOWN],
    [HYPERCALL.sched_op, SCHEDOP.watchdog, SCHED_WATCHDOG],
    [HYPERCALL.event_channel_op, EVTCHNOP.reset, RESET],
  ] as const;
  const [number, command, layout] = scene.random.pick(commands);
  scene.self.kernel.call(number, command, fill(scene, layout, 1));
}

function instruction({ random, self }: Scene): void {
  const { kernel } = self;
  kernel.processor.registers().set([random.chance(2) ? 0x40000000 + random.below(8) : random.word(), random.word()]);
  if (random.chance(2)) kernel.processor.registers()[1] = 0x40000000 + random.below(3);
  kernel.place.trap(random.pick(["cpuid", "rdmsr", "wrmsr"] as const));
}

function port({ random, self }: Scene): void {
  const { processor } = self.kernel;
  const at = random.pick([0x10, 0x12, 0x11]);
  if (random.chance(2)) processor.in(at, random.pick([1, 2, 4]));
  else processor.out(at, random.word(), random.pick([1, 2, 4]));
}

export const HYPERCALL_ATTACKS: Attacks = {
  "a hypercall": [60, callKnown],
  "any call": [6, callAnything],
  "a multicall": [3, callMany],
  "an instruction": [1, instruction],
  "a port": [1, port],
};

/** Ends who makes it: rare. */
export const LAST_ATTACKS: Attacks = { "an end": [1, end] };
