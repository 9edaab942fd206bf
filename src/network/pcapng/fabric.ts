import { fromBase64 } from "../base64.ts";
import type { CapturedFrame, Decision, LinkReport, NetworkCounters } from "../reports.ts";
import type { Capture, CaptureFrame, CaptureInterface } from "./capture.ts";

/**
 * What a fabric kept (probe `network.capture`), as a capture: each link is an interface, each frame entered it. The
 * comment of a frame says where it came from, what was decided, and whom it reached.
 *
 * @param counters of the links, for what was dropped (probe `network.counters`)
 */
export function captureOf(frames: readonly CapturedFrame[], counters: NetworkCounters = {}): Capture {
  const links = [...new Set(frames.map(({ link }) => link))];
  const interfaces = links.map((link): CaptureInterface => {
    const report = counters[link];
    return {
      name: link,
      ...(report && { description: describe(report), received: report.frames, dropped: lost(report) }),
    };
  });
  const made = frames.flatMap((frame): CaptureFrame[] => {
    const bytes = fromBase64(frame.bytes);
    const { at, length, link } = frame;
    return bytes
      ? [{ interface: links.indexOf(link), at, length, bytes, direction: "in", comment: comment(frame) }]
      : [];
  });
  return { interfaces, frames: made };
}

const describe = ({ kind, ports }: LinkReport): string => `${kind}: ${ports.map(({ name }) => name).join(", ")}`;

const lost = ({ dropped }: LinkReport): number => Object.values(dropped).reduce((sum, count) => sum + count, 0);

/** `from dom0/0; fdb: 02:00:00:00:00:01 in VLAN 1 at domU/0; to domU/0`. */
function comment({ from, to, decision, piece }: CapturedFrame): string {
  const ends = to.map(
    ({ port, dropped, mirror }) => `${port}${mirror ? " (mirror)" : ""}${dropped ? ` (dropped: ${dropped})` : ""}`,
  );
  const parts = [`from ${from}`, decided(decision), ends.length > 0 ? `to ${ends.join(", ")}` : "to nobody"];
  if (piece) parts.push(`segment ${piece.index + 1} of ${piece.count}`);
  return parts.join("; ");
}

function decided(decision: Decision): string {
  switch (decision.kind) {
    case "fdb":
    case "filtered":
      return `${decision.kind}: ${decision.mac} in VLAN ${decision.vlan} at ${decision.port}`;
    case "flood":
      return `flood in VLAN ${decision.vlan}: ${decision.why}`;
    case "reserved":
      return `reserved address ${decision.mac}`;
    case "drop":
      return `dropped: ${decision.why}`;
    default:
      return decision.kind;
  }
}
