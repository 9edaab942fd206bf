import type { Figure } from "./figure.ts";
import { type DepthRow, depths, reads, tracing } from "./io/block.ts";
import { idle, prompt } from "./io/machine.ts";
import { throughput } from "./io/network.ts";

/** Xen's rings and virtio's beside v86's own devices and each other, in one run. */
export interface IoTable {
  readonly figures: readonly Figure[];
  readonly depths: readonly DepthRow[];
}

const PARTS = { throughput, reads, prompt, tracing, idle } as const;

/** @param parts which of the measurements, besides that of depths; all of them unless told */
export async function io(
  parts: readonly (keyof typeof PARTS)[] = Object.keys(PARTS) as (keyof typeof PARTS)[],
): Promise<IoTable> {
  const found: Figure[] = [];
  for (const part of parts) found.push(...(await PARTS[part]()));
  return { figures: found, depths: await depths() };
}

export function printDepths(rows: readonly DepthRow[]): void {
  console.log("io       4 KB reads: per request                depth  notifications  interrupts");
  for (const { device, depth, notificationsPerRequest, interruptsPerRequest } of rows) {
    const [notified, interrupted] = [notificationsPerRequest, interruptsPerRequest].map((value) => value.toFixed(3));
    console.log(
      `io       ${device.padEnd(38)} ${String(depth).padStart(5)}  ${notified!.padStart(13)}  ${interrupted!.padStart(10)}`,
    );
  }
}
