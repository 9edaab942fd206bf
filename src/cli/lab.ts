import { closest, LabFaults, LoadError, ProbeError } from "../lab/index.ts";
import { type LabArguments, sortArguments, UsageError } from "./lab-arguments.ts";

export const usage = `ringside lab check <id or folder> [--seed n]                     try every task on real machines: it fails, is solved, holds
ringside lab run <id or folder> --machine m [--seed n] -- <script>   run a script in a machine of a lab
ringside lab probe <id or folder> <probe> [name=value …] [--machine m] [--after "machine:script" …] [--seed n]   one reading, as JSON
                                                                 before it: "machine:script", "machine:@io.pace ring=… stepping=true" or "@network.cut link=…"
ringside lab schema                                              the format of lab.yaml as JSON Schema`;

const COMMANDS: Readonly<Record<string, (given: LabArguments) => Promise<number>>> = {
  check: async (given) => (await import("./lab-check.ts")).check(given),
  run: async (given) => (await import("./lab-run.ts")).runScript(given),
  probe: async (given) => (await import("./lab-run.ts")).probe(given),
  schema: async () => (await import("./lab-schema.ts")).print(),
};

/** @returns the exit code: 0, 1 when something is wrong with the lab, 2 when the command was not understood */
export async function run([name = "", ...args]: string[]): Promise<number> {
  if (!Object.hasOwn(COMMANDS, name)) {
    const near = closest(name, Object.keys(COMMANDS));
    console.error(near ? `There is no \`lab ${name}\`. Did you mean \`lab ${near}\`?` : usage);
    return 2;
  }
  try {
    return await COMMANDS[name]!(sortArguments(args));
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`);
      return 2;
    }
    const expected = error instanceof LabFaults || error instanceof LoadError || error instanceof ProbeError;
    if (!expected) throw error;
    console.error(error.message);
    return 1;
  }
}
