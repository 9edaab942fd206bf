import { arrayOf, type Hypervisor, shortNames } from "./hypervisor.ts";
import { type Hex, hex } from "./memory.ts";
import { column } from "./structure.ts";

/** A run of machine frames that are used alike: what `hv.frames` lists. */
export interface FrameRun {
  /** First machine frame, and how many. */
  readonly mfn: number;
  readonly count: number;
  readonly type: string;
  /** A domain's number, or whose it is. */
  readonly owner: number | "nobody" | "hypervisor";
  /** Uses as that type, and mappings of any kind. */
  readonly typeCount: number;
  readonly refCount: number;
  readonly pinned: boolean;
  /** Where the owner sees the first of them; the others follow upwards. Undefined without a domain. */
  readonly gfn: number | undefined;
}

export interface Frames {
  /** Machine address of the frame table. */
  readonly at: Hex;
  readonly total: number;
  readonly runs: readonly FrameRun[];
  /** Frames by owner and type. */
  readonly sums: readonly { readonly owner: FrameRun["owner"]; readonly type: string; readonly count: number }[];
}

/** owner in struct frame: 0 nobody's, 255 the hypervisor's, otherwise a domain's number + 1. */
function ownerOf(owner: number): FrameRun["owner"] {
  if (owner === 0) return "nobody";
  return owner === 255 ? "hypervisor" : owner - 1;
}

function follows(last: FrameRun, next: FrameRun): boolean {
  const alike =
    last.type === next.type &&
    last.owner === next.owner &&
    last.typeCount === next.typeCount &&
    last.refCount === next.refCount &&
    last.pinned === next.pinned;
  return alike && (last.gfn === undefined ? next.gfn === undefined : next.gfn === last.gfn + last.count);
}

function sumUp(runs: readonly FrameRun[]): Frames["sums"] {
  const sums = new Map<string, { owner: FrameRun["owner"]; type: string; count: number }>();
  for (const { owner, type, count } of runs) {
    const sum = sums.get(`${owner} ${type}`) ?? { owner, type, count: 0 };
    sum.count += count;
    sums.set(`${owner} ${type}`, sum);
  }
  return [...sums.values()];
}

/** Reads the frame table (`hv.frames`): whose every machine frame is and how it is used, in runs. */
export function frames(hv: Hypervisor): Frames {
  const { address, count, size } = arrayOf(hv, "frames", "nr_frames", "frame");
  const read = (field: string) => column(hv.memory, hv.layout, "frame", field);
  const [type, owner, pinned, gfn] = [read("type"), read("owner"), read("pinned"), read("gfn")];
  const [types, refs] = [read("type_count"), read("ref_count")];
  const nameOf = shortNames(hv.layout, "frame_type");
  const runs: (FrameRun & { count: number })[] = [];
  for (let mfn = 0; mfn < count; mfn++) {
    const at = address + mfn * size;
    const whose = ownerOf(owner(at));
    const run = {
      mfn,
      count: 1,
      type: nameOf(type(at)),
      owner: whose,
      typeCount: types(at),
      refCount: refs(at),
      pinned: pinned(at) !== 0,
      gfn: typeof whose === "number" ? gfn(at) : undefined,
    };
    const last = runs.at(-1);
    if (last && follows(last, run)) last.count++;
    else runs.push(run);
  }
  return { at: hex(address), total: count, runs, sums: sumUp(runs) };
}
