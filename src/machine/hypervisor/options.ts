import type { MachineSpec } from "../spec.ts";

/** The builds of the hypervisor that an image carries (images/hypervisor/Makefile). */
export type Build = "traced" | "clean" | "exercises";

export interface BootChoice {
  readonly build: Build;
  /** The multiboot command line. */
  readonly commandLine: string;
  /** Compile hot code. Timer interrupts then come at other instructions in every run: nothing can be replayed. */
  readonly jit: boolean;
  /** It rings at every exit and does the same in every run: it can be stepped, forwards and back. */
  readonly exact: boolean;
}

/**
 * What a machine's options say. `build=` and `jit=` are the machine's; everything else is for the hypervisor, and what
 * follows `--` for its guest.
 *
 * @throws Error naming an option that means nothing here
 */
export function bootChoice(spec: MachineSpec): BootChoice {
  const value = (name: string) => spec.options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  const build = value("build") ?? "traced";
  if (build !== "traced" && build !== "clean" && build !== "exercises") {
    throw new Error(`Machine \`${spec.name}\`: there is no build \`${build}\`. There are: traced, clean, exercises.`);
  }
  const words = spec.options.filter((option) => !/^(?:build|jit)=/.test(option));
  const jit = value("jit") === "1";
  return { build, commandLine: words.join(" "), jit, exact: build !== "clean" && !jit && value("mode") !== "native" };
}
