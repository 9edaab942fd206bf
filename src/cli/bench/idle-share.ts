const SECONDS = 5;

/** Percent of a core this process takes over some seconds in which it is asked for nothing. */
export async function idleShare(): Promise<number> {
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await pause(1000); // what a boot leaves to do
  const before = process.cpuUsage();
  await pause(1000 * SECONDS);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1e6 / SECONDS) * 100;
}
