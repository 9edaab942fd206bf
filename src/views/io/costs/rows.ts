import type { DeviceCost, IoCosts } from "../../../probe/io/types.ts";

/** What devices cost, set side by side: plain data in, plain data out. */

export interface CostMachine {
  readonly name: string;
  /** What `io.costs` read last; undefined before that. */
  readonly costs: IoCosts | undefined;
}

/** What was counted up to a moment, kept under a name. */
export interface KeptRun {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly machines: readonly CostMachine[];
}

export type Quantity = "exits" | "notifications" | "interrupts" | "copied";
export const QUANTITIES: readonly Quantity[] = ["exits", "notifications", "interrupts", "copied"];

/** What the counts are divided by. */
export type Per = "request" | "kilobyte" | "total";
export const PERS: readonly Per[] = ["request", "kilobyte", "total"];

/** A device of a machine, in one run and, when two are compared, in another. */
export interface Line {
  readonly machine: string;
  readonly model: string;
  readonly name: string;
  readonly device: DeviceCost | undefined;
  readonly beside: DeviceCost | undefined;
}

const keyOf = (machine: string, { model, name }: DeviceCost) => `${machine} ${model} ${name}`;

const devicesOf = (machines: readonly CostMachine[]) =>
  machines.flatMap(({ name, costs }) => (costs?.devices ?? []).map((device) => ({ machine: name, device })));

/** One line for each device of either run; those of the first keep their order. */
export function linesOf(first: readonly CostMachine[], second: readonly CostMachine[] = []): readonly Line[] {
  const lines = new Map<string, Line>();
  for (const { machine, device } of devicesOf(first)) {
    const { model, name } = device;
    lines.set(keyOf(machine, device), { machine, model, name, device, beside: undefined });
  }
  for (const { machine, device } of devicesOf(second)) {
    const { model, name } = device;
    const key = keyOf(machine, device);
    lines.set(key, { machine, model, name, device: lines.get(key)?.device, beside: device });
  }
  return [...lines.values()];
}

const KILOBYTE = 1024;

/** What a device's counts are divided by; undefined while it has done nothing. */
export function divisorOf({ requests, bytes }: DeviceCost, per: Per): number | undefined {
  const divisor = per === "total" ? 1 : per === "request" ? requests : bytes / KILOBYTE;
  return divisor > 0 ? divisor : undefined;
}

const COUNTS: Readonly<Record<Quantity, (device: DeviceCost) => number>> = {
  exits: ({ exitsTotal }) => exitsTotal,
  notifications: ({ notifications }) => notifications,
  interrupts: ({ interrupts }) => interrupts,
  copied: ({ copied }) => copied,
};

/** A count of a device, divided; undefined while there is nothing to divide by. */
export function amountOf(device: DeviceCost | undefined, quantity: Quantity, per: Per): number | undefined {
  const divisor = device && divisorOf(device, per);
  return divisor === undefined ? undefined : COUNTS[quantity](device!) / divisor;
}

export interface ReasonPart {
  readonly reason: string;
  readonly amount: number;
}

/** The exits of a device by reason, the most frequent first. */
export function reasonsOf(device: DeviceCost, per: Per): readonly ReasonPart[] {
  const divisor = divisorOf(device, per);
  if (divisor === undefined) return [];
  return Object.entries(device.exits)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ reason, amount: count / divisor }))
    .sort((one, other) => other.amount - one.amount);
}

/** The amount a full bar stands for. */
export function scaleOf(lines: readonly Line[], quantity: Quantity, per: Per): number {
  const amounts = lines.flatMap(({ device, beside }) => [
    amountOf(device, quantity, per) ?? 0,
    amountOf(beside, quantity, per) ?? 0,
  ]);
  return Math.max(0, ...amounts);
}

/** How many times the other run's amount this one's is; undefined where either is missing or nothing. */
export function factorOf(line: Line, quantity: Quantity, per: Per): number | undefined {
  const [one, other] = [amountOf(line.device, quantity, per), amountOf(line.beside, quantity, per)];
  return one !== undefined && other ? one / other : undefined;
}

/** What a column of the comparison shows: what is counted now, a kept run, or nothing. */
export type Choice = "now" | "none" | `run ${string}`;

/** The machines of a choice; undefined for none, and for a run that was forgotten. */
export function machinesOf(
  choice: Choice,
  now: readonly CostMachine[],
  kept: readonly KeptRun[],
): readonly CostMachine[] | undefined {
  if (choice === "now") return now;
  return kept.find(({ name }) => choice === `run ${name}`)?.machines;
}
