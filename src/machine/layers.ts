import type { AgentClient } from "./agent/client.ts";
import { readTar, type TarEntry } from "./image/tar.ts";

/** Programs of a layer that are run once it is there: they load its drivers, start its listeners. */
const STARTS = "usr/lib/ringside/layers/";

/**
 * Unpacks a layer into a running guest: its files by the agent, its directories and links by one script, which then
 * runs what the layer says is to be run.
 *
 * @param archive a tar archive, inflated
 * @throws AgentError naming the file that could not be written
 */
export async function installLayer(agent: AgentClient, archive: Uint8Array): Promise<void> {
  const entries = readTar(archive);
  const of = (type: TarEntry["type"]) => entries.filter((entry) => entry.type === type);
  for (const { path, content, mode } of of("file")) await agent.put(`/${path}`, content, mode);
  const script = [
    ...of("directory").map(({ path }) => `mkdir -p ${quote(`/${path}`)}`),
    ...of("link").map(({ path, target }) => `ln -sfn ${quote(target)} ${quote(`/${path}`)}`),
    ...of("file").flatMap(({ path }) => (path.startsWith(STARTS) ? [quote(`/${path}`)] : [])),
  ];
  const { exit, stderr } = await agent.run(["set -e", ...script].join("\n"), { limit: 60_000 });
  if (exit !== 0) throw new Error(`The layer could not be unpacked: ${new TextDecoder().decode(stderr)}`);
}

/** Quotes for a POSIX shell. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
