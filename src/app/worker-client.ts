import { type Remote, wrap } from "comlink";

/** A worker failed to load, died, or stopped answering. */
export class WorkerLost extends Error {
  override name = "WorkerLost";
}

/** A worker behind an interface. */
export interface WorkerClient<Api> {
  /** A call that ends with the worker, by {@link WorkerLost}, where comlink's own would wait for ever. */
  call<Result>(make: (remote: Remote<Api>) => Promise<Result>): Promise<Result>;
  /** Called once when the worker is gone or never came. Called at once when that is already so. */
  onLost(listener: (error: WorkerLost) => void): void;
  readonly lost: WorkerLost | undefined;
  close(): void;
}

/**
 * A worker that ends itself, or hangs, tells nobody: it is asked for a sign of life this often, in milliseconds, and
 * is lost when it missed this many. Counting, rather than a time limit, forgives a computer that slept.
 */
const SIGN_OF_LIFE = { every: 3000, missed: 5 } as const;

/**
 * Starts a worker. Never throws: a worker that cannot be made is a lost one.
 *
 * @param ask something it answers at once; a refusal is an answer
 */
export function startWorker<Api>(
  make: () => Worker,
  ask: (remote: Remote<Api>) => Promise<unknown>,
): WorkerClient<Api> {
  const waiting = new Set<(error: WorkerLost) => void>();
  const listeners = new Set<(error: WorkerLost) => void>();
  let lost: WorkerLost | undefined;
  let worker: Worker | undefined;
  let pulse: ReturnType<typeof setInterval> | undefined;

  const lose = (message: string) => {
    if (lost) return;
    lost = new WorkerLost(message);
    worker?.terminate();
    clearInterval(pulse);
    for (const tell of [...waiting, ...listeners]) tell(lost);
    waiting.clear();
  };

  try {
    worker = make();
  } catch (error) {
    lose(String(error));
  }
  const remote = worker ? wrap<Api>(worker) : undefined;

  const call = <Result>(asked: (remote: Remote<Api>) => Promise<Result>): Promise<Result> => {
    if (lost || !remote) return Promise.reject(lost);
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      asked(remote)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
    });
  };

  let unanswered = 0;
  pulse = setInterval(() => {
    if (unanswered >= SIGN_OF_LIFE.missed) return lose("The worker no longer answers.");
    unanswered += 1;
    const alive = () => {
      unanswered = 0;
    };
    call(ask).then(alive, alive);
  }, SIGN_OF_LIFE.every);

  let answered = false;
  // Once it has answered, an error nobody caught is not yet the end of it: the signs of life decide.
  worker?.addEventListener("error", (event) => {
    if (!answered) lose(event.message || "The worker could not be loaded.");
  });
  worker?.addEventListener("message", () => {
    answered = true;
  });

  return {
    call,
    onLost(listener) {
      if (lost) listener(lost);
      else listeners.add(listener);
    },
    get lost() {
      return lost;
    },
    close() {
      listeners.clear();
      lose("It was closed.");
    },
  };
}
