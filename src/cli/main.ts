/**
 * The command line: `npm run ringside -- <command> …`. Each command is a module of its own, loaded when it is asked
 * for; it exports how it is used and a function from arguments to an exit code.
 */
interface Command {
  readonly usage: string;
  run(args: string[]): Promise<number>;
}

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  lab: () => import("./lab.ts"),
  image: () => import("./image.ts"),
  bench: () => import("./bench.ts"),
};

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return ["Usage:", ...commands.map(({ usage }) => usage)].join("\n\n");
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    console.log(await help());
    return name === undefined ? 2 : 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    console.error(`There is no command \`${name}\`. There are: ${Object.keys(COMMANDS).join(", ")}.`);
    return 2;
  }
  const command = await COMMANDS[name]!();
  const forCommand = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (forCommand.includes("--help") || forCommand.includes("-h")) {
    console.log(command.usage);
    return 0;
  }
  return command.run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

export {};
