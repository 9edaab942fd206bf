import type { FabricOptions } from "../network/fabric/index.ts";

/**
 * Timers set from timers again and again wait at least 4 ms in a browser (HTML Standard, 8.7: nesting level), which would
 * make every link slow that has a latency or a rate. One set from a message's task is not nested.
 */
const outOfTimer: (run: () => void) => void = (() => {
  if ("setImmediate" in globalThis) return (run) => run(); // Node's timers are not bound so
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (run) => {
    waiting.push(run);
    channel.port2.postMessage(0);
  };
})();

function later(milliseconds: number, run: () => void): () => void {
  const asked = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let off = false;
  outOfTimer(() => {
    if (!off) timer = setTimeout(run, Math.ceil(milliseconds - (performance.now() - asked)));
  });
  return () => {
    off = true;
    clearTimeout(timer);
  };
}

/** This thread's own time for links, and where gateways come from: few links have one, and nobody waits for it before. */
export const realFabric: FabricOptions = {
  now: () => performance.now(),
  epoch: performance.timeOrigin,
  later,
  gateways: async () => (await import("../network/gateway/index.ts")).makeGateway,
};
