import type { Progress } from "../api.ts";
import { Guest, type HypervisorGuest } from "../guest.ts";
import type { PartCache } from "../image/cache.ts";
import type { MultibootImage } from "../image/manifest.ts";
import type { MachineSpec } from "../spec.ts";
import { bootChoice } from "./options.ts";

/**
 * Makes a machine with the build of the hypervisor that its options name; it has not run.
 *
 * @throws ImageError when a part cannot be had; Error when the options mean nothing
 */
export async function createHypervisor(
  spec: MachineSpec,
  image: MultibootImage,
  parts: PartCache,
  compiled: Promise<WebAssembly.Module>,
  progress: (progress: Progress) => void = () => {},
): Promise<HypervisorGuest> {
  const load = (name: string) => {
    const part = image.parts[name]!;
    return parts.load(name, part, (loaded) => progress({ stage: "download", part: name, loaded, total: part.bytes }));
  };
  const { build } = bootChoice(spec);
  const [module, elf, layout] = await Promise.all([compiled, load(build), load("layout")]);
  return Guest.hypervisor(spec, image, {
    module,
    elf,
    layout: JSON.parse(new TextDecoder().decode(layout)) as unknown,
    memory: image.memory,
  });
}
