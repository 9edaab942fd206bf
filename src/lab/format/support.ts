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
  const names = probeNames();
  for (const [id, task] of Object.entries(content.tasks)) {
    for (const [key, probe] of [["probe", task.probe] as const, ["answer", probeNamed(task.answer)] as const]) {
      if (probe === undefined || names.includes(probe)) continue;
      lacks(["tasks", id, key], `This version has no probe \`${probe}\`.${suggestion(probe, names)}`);
    }
  }
  return faults;
}
