/** What a translator knows of the connections through one TCP mapping, and how long they may be silent (RFC 5382, 5). */
import type { Endpoint } from "../endpoint.ts";

/** TCP flags a translator looks at (RFC 9293, 3.1). */
export const FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

/** Milliseconds: at least 2 hours and 4 minutes established, 4 minutes while opening or closing (REQ-5). */
const LIFE = { established: 7_440_000, transitory: 240_000 } as const;

/** Connections remembered of one mapping; a further one takes the place of the longest silent. */
const MOST_SESSIONS = 64;

interface Session {
  /** Ends that have sent SYN, data or an acknowledgement, and FIN. */
  readonly seen: { out: boolean; in: boolean };
  readonly finished: { out: boolean; in: boolean };
  reset: boolean;
  expires: number;
}

type Direction = "out" | "in";

export class TcpSessions {
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `established` as soon as one connection is; a connection is closing once both ends have sent FIN, or one RST. */
  get state(): "new" | "established" | "closing" {
    const states = [...this.#sessions.values()].map(stateOf);
    return states.find((state) => state === "established") ?? states.find((state) => state === "new") ?? "closing";
  }

  /**
   * A segment passed. Simultaneous open and every other valid sequence only needs both ends to have been heard (REQ-2).
   *
   * @returns milliseconds from now on that the mapping is needed
   */
  passed(direction: Direction, { address, port }: Endpoint, flags: number): number {
    const now = this.#now();
    const name = `${address}:${port}`;
    const known = this.#sessions.get(name);
    // a new SYN after the old connection ended, or after a reset, is a new connection
    const session = known && !(flags & FLAG.syn && stateOf(known) === "closing") ? known : freshSession();
    session.seen[direction] = true;
    if (flags & FLAG.fin) session.finished[direction] = true;
    if (flags & FLAG.rst) session.reset = true;
    session.expires = now + (stateOf(session) === "established" ? LIFE.established : LIFE.transitory);
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    for (const [old, { expires }] of this.#sessions) {
      if (expires <= now || this.#sessions.size > MOST_SESSIONS) this.#sessions.delete(old);
    }
    return Math.max(...[...this.#sessions.values()].map(({ expires }) => expires)) - now;
  }
}

const freshSession = (): Session => ({
  seen: { out: false, in: false },
  finished: { out: false, in: false },
  reset: false,
  expires: 0,
});

function stateOf({ seen, finished, reset }: Session): "new" | "established" | "closing" {
  if (reset || (finished.in && finished.out)) return "closing";
  return seen.in && seen.out ? "established" : "new";
}
