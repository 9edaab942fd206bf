import { type Capture, ETHERNET } from "../pcapng/capture.ts";
import type { Agenda, Appointment } from "./agenda.ts";
import type { End } from "./end.ts";

/** Milliseconds between two frames of a replay: never longer, however long the capture took, and never without end. */
const PAUSE = { least: 1 / 64, most: 1000 } as const;

/** What `network.replay` answers. */
export interface ReplayReport {
  /** Frames that are sent from now on, and those left out: cut short, or of another link type than Ethernet. */
  readonly frames: number;
  readonly left: number;
  /** Milliseconds it takes. */
  readonly lasts: number;
}

interface Due {
  /** Milliseconds behind the first. */
  readonly after: number;
  readonly bytes: Uint8Array;
}

/** Sends the frames of a capture into a link, by an end that is plugged in for it, at the pace they were captured. */
export class Replay {
  readonly #agenda: Agenda;
  readonly #end: End;
  readonly #frames: readonly Due[];
  readonly #began: number;
  #next = 0;
  #appointment: Appointment | undefined;

  /** @param done called when the last has been sent and the end is unplugged */
  constructor(capture: Capture, end: End, agenda: Agenda, now: number, done: () => void) {
    this.#agenda = agenda;
    this.#end = end;
    this.#frames = timetable(capture);
    this.#began = now;
    end.receive = () => {}; // as a station that only plays: what comes is taken, and not looked at
    this.#wait(done);
  }

  report(capture: Capture): ReplayReport {
    const frames = this.#frames.length;
    return { frames, left: capture.frames.length - frames, lasts: this.#frames.at(-1)?.after ?? 0 };
  }

  stop(): void {
    if (this.#appointment) this.#agenda.cancel(this.#appointment);
    this.#end.close();
  }

  #wait(done: () => void): void {
    const { after } = this.#frames[this.#next] ?? { after: this.#frames.at(-1)?.after ?? 0 };
    this.#appointment = this.#agenda.at(this.#began + after, () => {
      const frame = this.#frames[this.#next++];
      if (!frame) {
        this.#end.close();
        done();
        return;
      }
      // A copy: the frame would keep the whole file otherwise, for as long as the link's own capture keeps the frame.
      this.#end.send({ bytes: frame.bytes.slice(), checksum: "whole" });
      this.#wait(done);
    });
  }
}

function timetable({ interfaces, frames }: Capture): Due[] {
  const due: Due[] = [];
  let after = 0;
  let before: number | undefined;
  for (const { interface: index, at = before, length, bytes } of frames) {
    if ((interfaces[index]?.linkType ?? ETHERNET) !== ETHERNET || bytes.length < length) continue;
    const pause = at === undefined || before === undefined ? 0 : at - before;
    if (due.length > 0) after += Math.min(PAUSE.most, Math.max(PAUSE.least, pause));
    before = at;
    due.push({ after, bytes });
  }
  return due;
}
