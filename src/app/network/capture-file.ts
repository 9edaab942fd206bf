import { fromBase64, toBase64 } from "../../network/base64.ts";
import type { CaptureFrame, CaptureInterface } from "../../network/pcapng/capture.ts";
import { writeCapture } from "../../network/pcapng/write.ts";
import type { CapturedFrame, CaptureReport, LinkReport } from "../../network/reports.ts";
import type { GuestFrames } from "../../probe/network/types.ts";
import { interfaceId } from "../../views/network/picture/ids.ts";
import type { NetworkPicture } from "../../views/network/picture.ts";
import { type Probe, pageTime } from "./guest-watch.ts";

/** Files of captures: what the fabric and the guests keep, as pcapng; and a file that is sent into a link. */

/** Read in one go; a frame whole: the longest segment there is, cut to the link's MTU, stays below. */
const COUNT = 512;
const WHOLE = 65_536;
/** A file that is replayed has at most this many bytes. */
export const LONGEST_FILE = 4 << 20;

/** Interfaces and frames of a file that grows. */
class Draft {
  readonly interfaces: CaptureInterface[] = [];
  readonly frames: CaptureFrame[] = [];
  readonly #numbers = new Map<string, number>();

  number(key: string, describe: () => CaptureInterface): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.interfaces.push(describe());
    this.#numbers.set(key, this.interfaces.length - 1);
    return this.interfaces.length - 1;
  }
}

export interface CaptureSources {
  readonly probe: Probe;
  readonly picture: NetworkPicture;
  /** By how much each guest's clock is ahead, in milliseconds. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Machines that can be asked now. */
  readonly running: readonly string[];
}

/**
 * Everything that is still kept of one link's frames, or of all links' and of the guests' own interfaces.
 *
 * @returns the bytes of a pcapng file; undefined when there is no frame
 */
export async function captureFile(sources: CaptureSources, link: string | undefined): Promise<Uint8Array | undefined> {
  const draft = new Draft();
  const links = sources.picture.fabric
    .map(({ report }) => report)
    .filter((report) => link === undefined || report.link === link);
  for (const report of links) await addLink(draft, sources.probe, report);
  if (link === undefined) await Promise.all(sources.running.map((machine) => addGuest(draft, sources, machine)));
  if (draft.frames.length === 0) return undefined;
  const { interfaces, frames } = draft;
  return writeCapture({ interfaces, frames: [...frames].sort((a, b) => (a.at ?? 0) - (b.at ?? 0)) });
}

/** A link is an interface of the file; a frame's comment says which ends it went from and to. */
async function addLink(draft: Draft, probe: Probe, report: LinkReport): Promise<void> {
  const { link, kind } = report;
  const number = draft.number(`link ${link}`, () => ({ name: link, description: `${kind} ${link}` }));
  for (let from = 1; ; ) {
    const { frames, next, newest } = (await probe("network.capture", {
      link,
      from,
      count: COUNT,
      bytes: WHOLE,
    })) as CaptureReport;
    for (const frame of frames) draft.frames.push(linkFrame(number, frame));
    if (next >= newest || next <= from) return;
    from = next;
  }
}

function linkFrame(number: number, { at, from, to, length, bytes, decision }: CapturedFrame): CaptureFrame {
  const ends = to.map(({ port, dropped }) => (dropped === undefined ? port : `${port} (${dropped})`)).join(", ");
  const what = decision.kind === "drop" ? `dropped: ${decision.why}` : ends === "" ? decision.kind : ends;
  return { interface: number, at, length, bytes: fromBase64(bytes) ?? new Uint8Array(), comment: `${from} → ${what}` };
}

/** Each interface of a guest is one of the file. Its frames are cut where the guest's own tap cuts them. */
async function addGuest(draft: Draft, { probe, picture, offsets }: CaptureSources, machine: string): Promise<void> {
  // one guest that cannot be asked keeps nobody from having the rest
  const seen = (await probe("guest.frames", { machine, from: 1 }).catch(() => undefined)) as GuestFrames | undefined;
  const namespaces = picture.machines.find(({ name }) => name === machine)?.namespaces ?? [];
  for (const { at, namespace, link, direction, length, bytes } of seen?.frames ?? []) {
    const number = draft.number(interfaceId(machine, namespace, link), () => {
      const box = namespaces.find((one) => one.namespace.id === namespace);
      const found = box?.interfaces.find((one) => one.link.index === link)?.link;
      const where = box && !box.namespace.initial ? `${machine}/${box.label}` : machine;
      return { name: `${where}:${found?.name ?? link}`, ...(found && { mac: found.mac }) };
    });
    const time = at - (offsets.get(machine) ?? 0);
    draft.frames.push({ interface: number, at: time, length, direction, bytes: fromBase64(bytes) ?? new Uint8Array() });
  }
}

/** Hands the student a file. @param link of the capture; undefined for all */
export function saveCapture(lab: string, link: string | undefined, bytes: Uint8Array): void {
  const stamp = new Date(pageTime()).toISOString().slice(0, 19).replaceAll(":", "-");
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/x-pcapng" }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = `${[lab, link, stamp].filter((part) => part !== undefined).join("-")}.pcapng`;
  anchor.click();
  URL.revokeObjectURL(address);
}

/** @returns a file's bytes as Base64; undefined of one that is too long. @throws what the browser has against reading it */
export async function fileAsBase64(file: Blob): Promise<string | undefined> {
  if (file.size > LONGEST_FILE) return undefined;
  return toBase64(new Uint8Array(await file.arrayBuffer()));
}
