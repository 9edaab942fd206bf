import { type Lab, type MachineState, savedWith } from "../lab/index.ts";
import type { MachineEvent, Meters, Progress } from "../machine/api.ts";
import {
  type Load,
  type MachineNotice,
  type MachineStatus,
  machineLetter,
  type Part,
  type Stage,
} from "../views/machine.ts";

/** What the page remembers of one machine besides the session's state: the parts on their way, its meters. */
export interface Watch {
  readonly stage: Stage;
  readonly parts: readonly Part[];
  readonly notice: MachineNotice | undefined;
  readonly load: Load | undefined;
  /** The last look at the meters, and when that was in milliseconds. */
  readonly look: { readonly at: number; readonly meters: Meters } | undefined;
}

export const NOTHING_SEEN: Watch = { stage: "waiting", parts: [], notice: undefined, load: undefined, look: undefined };

/** A machine that starts again is watched from the beginning. */
export function watchEvent(watch: Watch, event: MachineEvent): Watch {
  if (event.type === "progress") return watchProgress(watch, event.progress);
  if (event.type === "notice") return { ...watch, notice: event.code };
  if (event.type === "stopped") return { ...watch, load: undefined, look: undefined };
  return watch;
}

function watchProgress(watch: Watch, progress: Progress): Watch {
  const { stage, part, loaded, total } = progress;
  if (stage === "ready") return { ...watch, stage, parts: [] };
  if (part === undefined || loaded === undefined) return { ...watch, stage };
  const parts = watch.parts.filter(({ name }) => name !== part);
  const at = watch.parts.findIndex(({ name }) => name === part);
  parts.splice(at < 0 ? parts.length : at, 0, { name: part, loaded, total });
  return { ...watch, stage, parts };
}

const COUNTER = 2 ** 32;

/**
 * Turns two looks at a machine's meters into what it does.
 *
 * @param at milliseconds, on any steady clock
 */
export function watchMeters(watch: Watch, meters: Meters, at: number): Watch {
  const { look } = watch;
  if (!look || at <= look.at) return { ...watch, look: { at, meters } };
  const executed = (meters.instructions - look.meters.instructions + COUNTER) % COUNTER;
  const load = { instructions: (executed * 1000) / (at - look.at), busy: Math.min(1, meters.busy), jit: meters.jit };
  return { ...watch, load, look: { at, meters } };
}

/** A machine as views take it, from the session's state and what was watched. */
export function machineStatus(lab: Lab, name: string, state: MachineState | undefined, watch: Watch): MachineStatus {
  const letter = machineLetter(lab.machines.findIndex((machine) => machine.spec.name === name));
  const { stage, parts, notice } = watch;
  const together = savedWith(lab.machines, name);
  const known = { name, letter, stage, parts, notice, speed: 1, saved: state?.saved, savedWith: together };
  if (!state || state.status === "starting") {
    return { ...known, phase: "starting", ready: undefined, stopped: undefined, load: undefined };
  }
  if (state.status === "stopped") {
    const { reason, message } = state;
    return { ...known, phase: "stopped", ready: undefined, stopped: { reason, message }, load: undefined };
  }
  const { how, milliseconds } = state.report;
  const load = state.paused ? undefined : watch.load;
  return {
    ...known,
    phase: state.paused ? "paused" : "running",
    ready: { how, milliseconds },
    stopped: undefined,
    speed: state.speed,
    load,
  };
}
