/** One measured thing: ours beside a peer measured in the same run. Absolute times drift with the machine; the ratio is the figure. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  /** What the peer is, in words. */
  readonly against: string;
  /** ours / peer. */
  readonly ratio: number;
}

export function figure(what: string, unit: string, ours: number, peer: number, against: string): Figure {
  return { what, unit, ours: round(ours), peer: round(peer), against, ratio: round(ours / peer) };
}

/** Three significant digits are more than these machines can repeat. */
export const round = (value: number) => Number(value.toPrecision(3));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** Runs two measurements in turn, so that both meet the same drift of the machine. @returns the medians */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<[number, number]> {
  const results: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    results[0].push(await ours());
    results[1].push(await peer());
  }
  return [median(results[0]), median(results[1])];
}
