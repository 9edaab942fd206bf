import { ARGUMENTS, type ArgumentKind, type ArgumentName } from "./arguments.ts";
import { disassemble } from "./disassembly/disassemble.ts";
import type { Hypervisor } from "./hypervisor.ts";
import { constantOf, enumerator, enumOf, type Layout, structOf } from "./layout.ts";
import { type Hex, hex } from "./memory.ts";
import { column, Structure } from "./structure.ts";

/** How often each kind of thing has happened: what `exits.counts` gives. */
export interface ExitCounts {
  readonly exits: number;
  readonly reasons: readonly ReasonCount[];
  readonly steps: readonly { readonly kind: string; readonly words: string; readonly count: number }[];
}

export interface ReasonCount {
  /** Name in the headers: `EXIT_CR3`. */
  readonly reason: string;
  /** The headers' English words for it. */
  readonly words: string;
  readonly count: number;
  /** Instructions the hypervisor executed for it altogether, modulo 2^32; 0 without a watcher. */
  readonly instructions: number;
}

/** Counts by reason and by step, those that never happened left out (`exits.counts`). */
export function exitCounts({ info, layout }: Hypervisor): ExitCounts {
  const counts = info.numbers("count");
  const instructions = info.numbers("instructions_hv");
  const happened = (list: string) => enumOf(layout, list).filter(({ value }) => (counts[value] ?? 0) > 0);
  return {
    exits: info.number("exit_count"),
    reasons: happened("exit_reason").map(({ name, words = name, value }) => ({
      reason: name,
      words,
      count: counts[value]!,
      instructions: instructions[value] ?? 0,
    })),
    steps: happened("trace_step").map(({ name, words = name, value }) => ({
      kind: name,
      words,
      count: counts[value]!,
    })),
  };
}

export interface Argument {
  readonly name: ArgumentName;
  readonly kind: ArgumentKind;
  /** The 32 bits recorded. */
  readonly value: Hex;
  /** For a value of an enum, its name in the headers. */
  readonly meaning?: string;
  /** The headers' English words for that, where they have some. */
  readonly words?: string;
}

export interface Step {
  readonly seq: number;
  readonly kind: string;
  readonly words: string;
  readonly arguments: readonly Argument[];
}

/** One way into the hypervisor and out again. */
export interface Exit {
  /** Its number, from 0. */
  readonly exit: number;
  /** Machine address of its record. */
  readonly at: Hex;
  readonly reason: string;
  readonly words: string;
  /** Undefined when no domain ran. */
  readonly domain: number | undefined;
  /** The guest's privilege level as the guest sees it, 0 or 3. */
  readonly level: number;
  readonly eip: Hex;
  /** The processor's exception or interrupt vector, and error code. */
  readonly vector: number;
  readonly error: Hex;
  readonly arguments: readonly Argument[];
  /** Bytes of the instruction at eip as hexadecimal digits, and what they say; empty when they were not read. */
  readonly bytes: string;
  readonly instruction: string;
  /** Instruction counter at the way in, modulo 2^32. */
  readonly entered: number;
  /** Instructions the hypervisor executed for it. */
  readonly cost: number;
  readonly steps: readonly Step[];
  /** Older steps of it are no longer in the ring of records. */
  readonly cut: boolean;
}

export interface ExitTrace {
  /** Exits there have been. */
  readonly total: number;
  /** The oldest one still recorded; undefined without any. */
  readonly oldest: number | undefined;
  /** In order. */
  readonly exits: readonly Exit[];
  /** Exits of the asked kinds from `from` on that were left out because `count` was reached. */
  readonly more: boolean;
}

/** Most exits given at once. */
export const EXITS_AT_ONCE = 1024;

interface Record {
  readonly structure: Structure;
  readonly seq: number;
  readonly exit: number;
  readonly kind: number;
}

/**
 * The records still in the ring, oldest first, read backwards from the newest.
 *
 * @param enough told each record's exit number; true stops before that record
 */
function recordsBack({ memory, layout, info }: Hypervisor, enough: (exit: number) => boolean): readonly Record[] {
  const slots = constantOf(layout, "TRACE_RECORDS");
  const { size } = structOf(layout, "trace_record");
  const read = (field: string) => column(memory, layout, "trace_record", field);
  const [seqOf, exitOf, kindOf] = [read("seq"), read("exit"), read("kind")];
  const base = info.number("trace");
  const written = info.number("trace_count");
  const records: Record[] = [];
  for (let seq = written - 1; seq >= Math.max(0, written - slots); seq--) {
    const at = base + (seq % slots) * size;
    const exit = exitOf(at);
    if (seqOf(at) !== seq || enough(exit)) break;
    records.push({ structure: new Structure(memory, layout, "trace_record", at), seq, exit, kind: kindOf(at) });
  }
  return records.reverse();
}

/** Number of the oldest exit whose record is still in the ring; undefined without any. */
function oldestExit({ memory, layout, info }: Hypervisor): number | undefined {
  const slots = constantOf(layout, "TRACE_RECORDS");
  const end = constantOf(layout, "TRACE_STEPS_START");
  const { size } = structOf(layout, "trace_record");
  const [base, written] = [info.number("trace"), info.number("trace_count")];
  for (let seq = Math.max(0, written - slots); seq < written; seq++) {
    const record = new Structure(memory, layout, "trace_record", base + (seq % slots) * size);
    if (record.number("kind") < end) return record.number("exit");
  }
  return undefined;
}

const ENUMS: ReadonlySet<string> = new Set([
  "hidden",
  "unshadow",
  "refusal",
  "kill",
  "frame_type",
  "hypercall",
  "grant_op",
]);

function readArguments(layout: Layout, name: string, record: Structure): readonly Argument[] {
  return (ARGUMENTS[name] ?? []).map((meaning, index) => {
    const value = record.number("arg", index);
    if (!ENUMS.has(meaning.kind)) return { ...meaning, value: hex(value) };
    const { name: known, words } = enumerator(layout, meaning.kind, value);
    return { ...meaning, value: hex(value), meaning: known, ...(words ? { words } : {}) };
  });
}

function readStep(layout: Layout, { structure, seq, kind }: Record): Step {
  const { name, words = name } = enumerator(layout, "trace_step", kind);
  return { seq, kind: name, words, arguments: readArguments(layout, name, structure) };
}

function readExit(layout: Layout, record: Record, steps: readonly Record[], cut: boolean): Exit {
  const { structure } = record;
  const { name, words = name } = enumerator(layout, "exit_reason", record.kind);
  const bytes = structure.numbers("insn").slice(0, structure.number("insn_length"));
  const eip = structure.number("eip");
  const domain = structure.number("domain");
  const entered = structure.number("entered");
  return {
    exit: record.exit,
    at: hex(structure.address),
    reason: name,
    words,
    domain: domain === 255 ? undefined : domain,
    level: structure.number("vcpl"),
    eip: hex(eip),
    vector: structure.number("vector"),
    error: hex(structure.number("error")),
    arguments: readArguments(layout, name, structure),
    bytes: bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    instruction: bytes.length > 0 ? disassemble(bytes, eip).text : "",
    entered,
    cost: (structure.number("left") - entered) >>> 0,
    steps: steps.map((step) => readStep(layout, step)),
    cut,
  };
}

/** Which exits `exits.trace` gives. */
export interface TraceQuery {
  /** Number of the first exit; without it, the last `count`. */
  readonly from?: number | undefined;
  readonly count: number;
  /** Reasons wanted, by their names in the headers; without it, all. */
  readonly kinds?: readonly string[] | undefined;
}

/**
 * Exits with what the hypervisor did about each (`exits.trace`). The hypervisor keeps its last 4096 records, and a
 * build without records none.
 */
export function trace(hv: Hypervisor, { from, count, kinds }: TraceQuery): ExitTrace {
  const { layout, info } = hv;
  const end = constantOf(layout, "TRACE_STEPS_START");
  const most = Math.max(0, Math.min(count, EXITS_AT_ONCE));
  const wanted = (kind: number) => kinds === undefined || kinds.includes(enumerator(layout, "exit_reason", kind).name);
  const total = info.number("exit_count");
  // The last ones of every kind need no look at the whole ring; one exit more, so that steps are not cut.
  const first = from ?? (kinds === undefined ? total - most - 1 : 0);
  const records = recordsBack(hv, (exit) => exit < first);
  const ends = records
    .map((record, index) => ({ record, index }))
    .filter(({ record }) => record.kind < end && wanted(record.kind));
  const chosen = from === undefined ? ends.slice(Math.max(0, ends.length - most)) : ends.slice(0, most);
  const gone = Math.max(0, info.number("trace_count") - constantOf(layout, "TRACE_RECORDS"));
  const exits = chosen.map(({ record, index }) => {
    let start = index;
    while (start > 0 && records[start - 1]!.exit === record.exit && records[start - 1]!.kind >= end) start--;
    const cut = gone > 0 && records[start]!.seq === gone;
    return readExit(layout, record, records.slice(start, index), cut);
  });
  return { total, oldest: oldestExit(hv), exits, more: from !== undefined && ends.length > most };
}
