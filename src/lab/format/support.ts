import { probeNames } from "../probes.ts";
import type { LabFileContent } from "../schema.ts";
import { probeNamed } from "./crosscheck.ts";
import { type Fault, suggestion } from "./fault.ts";
import type { Path, YamlFile } from "./yaml.ts";

/**
 * What a lab asks for that the format knows and this version of Ringside cannot give. Said before anything starts:
 * a lab that would only half work is not opened.
 */
export function unsupported(content: LabFileContent, yaml: YamlFile): Fault[] {
  const faults: Fault[] = [];
  const lacks = (path: Path, message: string) => void faults.push(yaml.fault(path, message));
  for (const [name, { latency, loss = 0 }] of Object.entries(content.links ?? {})) {
    const late = Number.parseFloat(latency ?? "0") > 0;
    if (late) lacks(["links", name, "latency"], "This version has no latency on links.");
    if (loss > 0) lacks(["links", name, "loss"], "This version has no loss on links.");
  }
  for (const [name, machine] of Object.entries(content.machines)) {
    for (const [index, card] of (machine.nics ?? []).entries()) {
      if (card.vlan !== undefined)
        lacks(["machines", name, "nics", index, "vlan"], "This version has no VLANs on links.");
    }
  }
  for (const [index, panel] of (content.layout ?? []).entries()) {
    if ([panel].flat().includes("network")) lacks(["layout", index], "This version has no network panel.");
  }
  const names = probeNames();
  for (const [id, task] of Object.entries(content.tasks)) {
    for (const [key, probe] of [["probe", task.probe] as const, ["answer", probeNamed(task.answer)] as const]) {
      if (probe === undefined || names.includes(probe)) continue;
      lacks(["tasks", id, key], `This version has no probe \`${probe}\`.${suggestion(probe, names)}`);
    }
  }
  return faults;
}
