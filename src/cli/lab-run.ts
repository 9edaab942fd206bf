import { loadLab } from "../lab/index.ts";
import { isOfNetwork } from "../lab/probes.ts";
import { type LabArguments, UsageError } from "./lab-arguments.ts";
import { folderSource } from "./lab-folder.ts";
import { type RunningLab, startLab } from "./lab-machines.ts";

/** Runs a script in a machine of a lab. @returns the script's exit code */
export async function runScript({ words: [id, ...more], machine, script, seed }: LabArguments): Promise<number> {
  if (id === undefined || more.length || !script)
    throw new UsageError("Expected: lab run <id> --machine m -- <script>");
  return withLab(id, seed, async ({ machines }) => {
    const { exit, stdout, stderr } = await machines.run(pick(machine, machines.names), script, { limit: 0 });
    await write(process.stdout, stdout);
    await write(process.stderr, stderr);
    return exit;
  });
}

/** Prints one reading of a probe as JSON. @returns 0 */
export async function probe({ words: [id, name, ...more], machine, after, seed }: LabArguments): Promise<number> {
  if (id === undefined || name === undefined) throw new UsageError("Expected: lab probe <id> <probe> [name=value]");
  const { machine: named = machine, ...asked } = Object.fromEntries(more.map(argument));
  return withLab(id, seed, async ({ machines }) => {
    const args = isOfNetwork(name) ? asked : { ...asked, machine: pick(named, machines.names) };
    for (const one of after) await prepare(one, machines);
    const reading = await machines.read(name, args, 0);
    await write(process.stdout, new TextEncoder().encode(`${JSON.stringify(reading, null, 2)}\n`));
    return 0;
  });
}

/** Splits `name=value`, as in `address=0xc0100000`. */
function argument(word: string): [string, string] {
  const [, name, value] = /^([a-z]+)=(.*)$/.exec(word) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`\`${word}\` is not name=value.`);
  return [name, value];
}

/** Does what is to have happened before a reading: `machine:script`, `machine:@setting name=value …`, `@network.cut …`. */
async function prepare(after: string, machines: RunningLab["machines"]): Promise<void> {
  if (after.startsWith("@")) return turn(undefined, after.slice(1), machines);
  const [, machine, script] = /^([a-z][a-z0-9-]*):([\s\S]+)$/i.exec(after) ?? [];
  if (machine === undefined || script === undefined) throw new UsageError(`\`${after}\` is not machine:script.`);
  const target = pick(machine, machines.names);
  if (script.startsWith("@")) return turn(target, script.slice(1), machines);
  const { exit, stderr } = await machines.run(target, script, { limit: 0 });
  if (exit === 0) return;
  throw new Error(`The script before the reading ended with ${exit}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function turn(machine: string | undefined, text: string, machines: RunningLab["machines"]): Promise<void> {
  const [control = "", ...words] = text.trim().split(/\s+/);
  const args = Object.fromEntries(words.map(argument).map(([name, value]) => [name, plain(value)]));
  await machines.turn(machine, control, args, 0);
}

/** Numbers, truth values and null as what they are, everything else as text. */
function plain(value: string): string | number | boolean | null {
  if (value === "null") return null;
  if (value === "true" || value === "false") return value === "true";
  return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function pick(machine: string | undefined, names: readonly string[]): string {
  const name = machine ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) throw new UsageError(`Which machine? The lab has ${names.join(", ")}.`);
  if (!names.includes(name)) throw new UsageError(`The lab has no machine \`${name}\`. It has: ${names.join(", ")}.`);
  return name;
}

async function withLab(id: string, seed: number, use: (running: RunningLab) => Promise<number>): Promise<number> {
  const source = folderSource(id);
  const lab = await loadLab(source, seed);
  const running = await startLab(lab, source);
  try {
    return await use(running);
  } finally {
    await running.close();
  }
}

/** Waits until the bytes are taken, so that ending the process loses none. */
function write(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
}
