import { platformOf } from "../../machine/platforms.ts";
import { type DiskSpec, machineSpec, type NicSpec, SpecError } from "../../machine/spec.ts";
import { stableMac } from "../../network/mac.ts";
import type {
  Answer,
  Deed,
  HintCases,
  HintScript,
  LabFile,
  LabMachine,
  Pattern,
  Reply,
  Script,
  Task,
  Tolerance,
} from "../lab.ts";
import { isOfNetwork } from "../probes.ts";
import type {
  LabFileContent,
  WrittenDeed,
  WrittenHint,
  WrittenMachine,
  WrittenScript,
  WrittenTask,
} from "../schema.ts";
import type { Text } from "../text.ts";
import { choiceValue } from "./crosscheck.ts";
import { parsePath, soleTemplate, type Values } from "./template.ts";

/** MiB a machine has when the lab does not say. */
const MEMORY = 64;

function macs(name: string, machine: WrittenMachine, seed: number): string[] {
  return (machine.nics ?? []).map((nic, card) => nic.mac?.toLowerCase() ?? stableMac(seed, name, card));
}

/** @returns what `{{machines.…}}` may name */
export function machineValues(content: LabFileContent, seed: number): Values {
  const entries = Object.entries(content.machines).map(([name, machine]) => {
    const nics = macs(name, machine, seed).map((mac) => ({ mac }));
    const disks = buildDisks(machine).map(({ name, size }) => ({ name, size }));
    return [name, { name, image: machine.image, memory: machine.memory ?? MEMORY, nics, disks }] as const;
  });
  return Object.fromEntries(entries);
}

/** @param refused told of each machine that cannot be what the lab says */
export function buildMachines(
  content: LabFileContent,
  seed: number,
  refused: (machine: string, message: string) => void,
): LabMachine[] {
  return Object.entries(content.machines).flatMap(([name, machine]) => {
    try {
      return [buildMachine(name, machine, seed)];
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      refused(name, error.message);
      return [];
    }
  });
}

/** @throws SpecError */
function buildMachine(name: string, machine: WrittenMachine, seed: number): LabMachine {
  const spec = machineSpec({
    name,
    image: machine.image,
    memory: machine.memory ?? MEMORY,
    nics: buildNics(name, machine, seed),
    disks: buildDisks(machine),
    layers: machine.layers ?? [],
    options: machine.options ?? [],
  });
  const files = Object.entries(machine.files ?? {}).map(([to, file]) => buildFile(to, file));
  return { spec, host: machine.host ?? name, files };
}

/** What a device is where the lab does not say. */
const usualModel = ({ image }: WrittenMachine) => platformOf(image) ?? "virtio";

function buildNics(name: string, machine: WrittenMachine, seed: number): NicSpec[] {
  const addresses = macs(name, machine, seed);
  return (machine.nics ?? []).map(({ model = usualModel(machine), link, backend, vlan, vlans }, card) => ({
    mac: addresses[card]!,
    model,
    ...(link !== undefined && { link }),
    ...(backend !== undefined && { backend }),
    ...(vlan !== undefined && { vlan }),
    ...(vlans !== undefined && { vlans }),
  }));
}

/** Names of disks begin with these. */
const DISK_PREFIX = { virtio: "vd", ide: "sd", xen: "xvd" } as const;

/** A disk without a name has its model's next: the letter says how many of the model are before it. */
function buildDisks(machine: WrittenMachine): DiskSpec[] {
  const before = { virtio: 0, ide: 0, xen: 0 };
  return (machine.disks ?? []).map(({ name, size, model = usualModel(machine), backend, source }) => {
    const letter = "abcd"[before[model]++]!;
    return {
      name: name ?? `${DISK_PREFIX[model]}${letter}`,
      size,
      model,
      ...(backend !== undefined && { backend }),
      ...(source !== undefined && { source }),
    };
  });
}

function buildFile(to: string, file: NonNullable<WrittenMachine["files"]>[string]): LabFile {
  const { from, executable = false } = typeof file === "string" ? { from: file } : file;
  return { from: `files/${from}`, to, mode: executable ? 0o755 : 0o644 };
}

/** Makes tasks of cross-checked content: what is missing in one place is known to be said in another. */
export function buildTasks(content: LabFileContent): Record<string, Task> {
  const only = Object.keys(content.machines)[0]!;
  return Object.fromEntries(
    Object.entries(content.tasks).map(([id, task]) => [id, buildTask(id, task, task.machine ?? only)]),
  );
}

function buildTask(id: string, task: WrittenTask, machine: string): Task {
  const common = {
    id,
    say: task.say === undefined ? undefined : text(task.say),
    needs: task.needs ?? [],
    hint: task.hint === undefined ? undefined : buildHint(task.hint, machine),
    solve: task.solve === undefined ? undefined : [task.solve].flat().map((written) => deed(written, machine)),
  };
  const fail = task.fail === undefined ? undefined : script(task.fail, machine);
  if (task.check !== undefined) return { ...common, kind: "check", check: script(task.check, machine), fail };
  if (task.probe !== undefined) {
    const { probe, with: args = {} } = task;
    return {
      ...common,
      kind: "probe",
      probe,
      machine: machineFor(probe, machine),
      with: args,
      where: task.where as Pattern,
      fail,
    };
  }
  return {
    ...common,
    kind: "ask",
    question: text(task.ask!),
    reply: buildReply(task),
    must: task.must === "right",
    answer: task.answer === undefined ? undefined : buildAnswer(task.answer, machine, task.with ?? {}),
    reveal: task.reveal,
    because: task.because === undefined ? undefined : text(task.because),
  };
}

const text = (written: string | Text): Text => (typeof written === "string" ? { en: written, zh: written } : written);

const script = (written: WrittenScript, machine: string): Script =>
  typeof written === "string" ? { machine, run: written } : { machine: written.machine ?? machine, run: written.run };

function deed(written: WrittenDeed, machine: string): Deed {
  if (typeof written === "string") return { machine, run: written };
  const { machine: on = machine, run, control, with: args = {}, restart } = written;
  if (restart) return { machine: on, restart };
  return control === undefined ? { machine: on, run: run! } : { machine: machineFor(control, on), control, with: args };
}

/** No machine takes part in a probe or a setting of the links. */
const machineFor = (name: string, machine: string) => (isOfNetwork(name) ? undefined : machine);

function buildHint(written: WrittenHint, machine: string): HintScript | HintCases {
  if (Array.isArray(written)) {
    return { cases: written.map(({ where, en, zh }) => ({ where: where as Pattern | undefined, text: { en, zh } })) };
  }
  if (typeof written === "string") return { machine, run: text(written) };
  const run = written.run ?? { en: written.en!, zh: written.zh! };
  return { machine: written.machine ?? machine, run: text(run) };
}

function buildReply(task: WrittenTask): Reply {
  if (task.choices) {
    const choices = task.choices.map((choice) => ({
      value: choiceValue(choice),
      label: typeof choice === "object" ? { en: choice.en, zh: choice.zh } : text(String(choice)),
    }));
    return { kind: "choice", choices };
  }
  if (task.tolerance !== undefined) return { kind: "number", tolerance: buildTolerance(task.tolerance) };
  return typeof task.answer === "number" ? { kind: "number", tolerance: { by: "amount", value: 0 } } : { kind: "text" };
}

function buildTolerance(written: number | string): Tolerance {
  if (typeof written === "number") return { by: "amount", value: written };
  return { by: "share", value: Number.parseFloat(written) / 100 };
}

function buildAnswer(
  written: NonNullable<WrittenTask["answer"]>,
  machine: string,
  args: NonNullable<WrittenTask["with"]>,
): Answer {
  if (typeof written === "object") return { kind: "script", script: script(written, machine) };
  const path = typeof written === "string" ? parsePath(soleTemplate(written) ?? "") : undefined;
  if (path?.[0] === "probe") {
    const probe = path.slice(1, 3).join(".");
    return { kind: "probe", probe, machine: machineFor(probe, machine), with: args, path: path.slice(3) };
  }
  return { kind: "literal", value: String(written) };
}
