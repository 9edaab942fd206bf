/** Calls `turn` after everything that is already waiting: messages get through between turns. */
export const soon: (turn: () => void) => void = (() => {
  const scope = globalThis as { setImmediate?: (turn: () => void) => void };
  if (scope.setImmediate) return scope.setImmediate;
  const channel = new MessageChannel();
  const turns: (() => void)[] = [];
  channel.port1.onmessage = () => turns.shift()?.();
  return (turn) => {
    turns.push(turn);
    channel.port2.postMessage(0);
  };
})();
