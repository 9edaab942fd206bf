import { platformOf } from "../../machine/platforms.ts";
import { CONTROLS } from "../controls.ts";
import { argumentFaults, isOfNetwork, probeNames } from "../probes.ts";
import type { LabFileContent, WrittenHint, WrittenScript, WrittenSolution, WrittenTask } from "../schema.ts";
import { LinkCheck } from "./crosscheck-links.ts";
import { MachineCheck } from "./crosscheck-machines.ts";
import { type Fault, suggestion } from "./fault.ts";
import type { Path, YamlFile } from "./yaml.ts";

/** Names of prose sections that are no steps. */
export const INTRO = "intro";
export const FINISH = "finish";

/**
 * What a schema cannot say: every name names something, needs have no cycle, keys go together.
 *
 * @param content with its templates filled in
 */
export function crossCheck(content: LabFileContent, yaml: YamlFile): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: Path, message: string, needle?: string) => void faults.push(yaml.fault(path, message, needle));
  const check = new CrossCheck(content, fault);
  check.seeds();
  new MachineCheck(content, fault).all();
  new LinkCheck(content, fault).all();
  check.layout();
  for (const [id, task] of Object.entries(content.tasks)) check.task(id, task);
  check.steps();
  check.needs();
  return faults;
}

type Report = (path: Path, message: string, needle?: string) => void;

/** The image whose machines boot the teaching hypervisor. */
const HYPERVISOR = "hypervisor";

/** Keys that only make sense beside another. */
const BELONGS = {
  where: "probe",
  choices: "ask",
  tolerance: "ask",
  answer: "ask",
  reveal: "ask",
  because: "ask",
  must: "ask",
} as const;

class CrossCheck {
  private readonly content: LabFileContent;
  private readonly fault: Report;
  private readonly machineNames: string[];
  private readonly taskNames: string[];

  constructor(content: LabFileContent, fault: Report) {
    this.content = content;
    this.fault = fault;
    this.machineNames = Object.keys(content.machines);
    this.taskNames = Object.keys(content.tasks);
  }

  seeds(): void {
    for (const [name, seed] of Object.entries(this.content.seed ?? {})) {
      const range = seed.from !== undefined && seed.to !== undefined;
      const partial = seed.from !== undefined || seed.to !== undefined;
      if (seed.choose ? partial : !range) this.fault(["seed", name], "expected { choose: [values] }, or { from, to }.");
      else if (range && seed.from! > seed.to!) this.fault(["seed", name], "`from` is larger than `to`.");
    }
  }

  layout(): void {
    for (const [index, place] of (this.content.layout ?? []).entries()) {
      for (const panel of [place].flat()) this.panel(panel, ["layout", index]);
    }
  }

  private panel(panel: string, path: Path): void {
    const [kind, name] = panel.split(":");
    if (name !== undefined) this.known("machine", name, this.machineNames, path);
    const { machines } = this.content;
    const written = Object.values(machines);
    const image = machines[name ?? ""]?.image;
    if (kind === "costs" && !written.some(({ image }) => image === HYPERVISOR)) {
      this.fault(path, "`costs` compares machines with the image `hypervisor`, and there is none.");
    }
    if (kind === "io-costs" && !written.some(({ nics, disks }) => nics?.length || disks?.length)) {
      this.fault(path, "`io-costs` compares network cards and disks, and no machine has one.");
    }
    if (kind === "ring" && image === HYPERVISOR) {
      this.fault(path, `\`${name}\` has no rings: the image \`hypervisor\` has no devices.`);
    }
    if (kind === "domains" && image !== undefined && platformOf(image) !== "xen") {
      this.fault(path, `\`${name}\` is on no Xen host: its image is \`${image}\`.`);
    }
  }

  task(id: string, task: WrittenTask): void {
    const path = ["tasks", id];
    const kinds = (["check", "probe", "ask"] as const).filter((kind) => task[kind] !== undefined);
    if (kinds.length !== 1) this.fault(path, "expected one of `check`, `probe` and `ask`, and only one.");
    for (const [key, kind] of Object.entries(BELONGS)) {
      if (task[key as keyof WrittenTask] !== undefined && !task[kind]) {
        this.fault([...path, key], `\`${key}\` belongs to a task with \`${kind}\`.`);
      }
    }
    if (task.machine !== undefined) this.known("machine", task.machine, this.machineNames, [...path, "machine"]);
    for (const key of ["check", "fail", "hint"] as const) this.script(task, key, path);
    if (task.solve !== undefined) this.solve(task, task.solve, [...path, "solve"]);
    if (task.hint !== undefined) this.hint(task, task.hint, [...path, "hint"]);
    if (task.probe !== undefined) this.probe(task, path);
    if (task.with !== undefined) this.arguments(task, [...path, "with"]);
    if (task.ask !== undefined) this.ask(id, task, path);
  }

  private probe(task: WrittenTask, path: Path): void {
    if (!task.where) this.fault(path, "`where` is missing: what the reading must hold.");
    if (takesMachine(task.probe) && task.machine === undefined) this.onlyMachine([...path, "probe"]);
  }

  /** `with` belongs to whatever reads a probe. */
  private arguments(task: WrittenTask, path: Path): void {
    const probe = task.probe ?? probeNamed(task.answer);
    if (probe === undefined) {
      this.fault(path, "`with` belongs to a task with `probe`, or with an `answer` that is read from one.");
      return;
    }
    for (const { name, message } of argumentFaults(probe, task.with!)) this.fault([...path, name], message);
    if (isOfNetwork(probe)) this.networkArguments(task.with!, path);
  }

  /** Of what is asked of links, the names must be there. */
  private networkArguments({ link, machine }: Readonly<Record<string, unknown>>, path: Path): void {
    const links = Object.keys(this.content.links ?? {});
    if (link !== undefined) this.known("link", String(link), links, [...path, "link"]);
    if (machine !== undefined) this.known("machine", String(machine), this.machineNames, [...path, "machine"]);
  }

  private script(task: WrittenTask, key: "check" | "fail" | "hint" | "answer", path: Path): void {
    const script: WrittenScript | WrittenHint | WrittenTask["answer"] = task[key];
    if (script === undefined || Array.isArray(script)) return;
    const named = typeof script === "object" ? script.machine : undefined;
    if (named !== undefined) this.known("machine", named, this.machineNames, [...path, key, "machine"]);
    else if (task.machine === undefined) this.onlyMachine([...path, key]);
  }

  private solve(task: WrittenTask, solve: WrittenSolution, path: Path): void {
    const deeds = [solve].flat();
    for (const [index, deed] of deeds.entries()) {
      const here = Array.isArray(solve) ? [...path, index] : path;
      const { machine, run, control, restart, ...rest } = typeof deed === "string" ? { run: deed } : deed;
      const ofNetwork = control !== undefined && isOfNetwork(control);
      if (machine !== undefined) this.known("machine", machine, this.machineNames, [...here, "machine"]);
      else if (task.machine === undefined && !ofNetwork) this.onlyMachine(here);
      if (ofNetwork) this.networkArguments(rest.with ?? {}, [...here, "with"]);
      const turnsNothing = control === undefined && Object.hasOwn(rest, "with");
      if ([run, control, restart].filter((one) => one !== undefined).length !== 1 || turnsNothing)
        this.fault(here, "expected { machine, run }, { machine, control, with }, or { machine, restart }.");
      if (control !== undefined) this.known("setting", control, CONTROLS, [...here, "control"]);
    }
  }

  private hint(task: WrittenTask, hint: WrittenHint, path: Path): void {
    if (typeof hint === "string") return;
    if (Array.isArray(hint)) {
      if (task.probe === undefined) this.fault(path, "a list of hints belongs to a task with `probe`.");
      return;
    }
    const both = hint.en !== undefined && hint.zh !== undefined;
    const some = hint.en !== undefined || hint.zh !== undefined;
    if (hint.run !== undefined ? some : !both) this.fault(path, "expected a script, { en, zh }, or { machine, run }.");
  }

  private ask(id: string, task: WrittenTask, path: Path): void {
    for (const key of ["fail", "solve"] as const) {
      if (task[key] !== undefined) this.fault([...path, key], `\`${key}\` does not belong to a question.`);
    }
    if (task.choices && task.tolerance !== undefined) {
      this.fault([...path, "tolerance"], "a question has `choices` or a `tolerance`, not both.");
    }
    for (const key of ["reveal", "because", "must"] as const) {
      if (task[key] !== undefined && task.answer === undefined)
        this.fault([...path, key], `\`${key}\` needs an \`answer\`.`);
    }
    if (task.reveal === id) this.fault([...path, "reveal"], "a question cannot reveal itself.");
    else if (task.reveal !== undefined) this.known("task", task.reveal, this.taskNames, [...path, "reveal"]);
    if (typeof task.answer === "object" || takesMachine(probeNamed(task.answer))) this.script(task, "answer", path);
    else if (task.answer !== undefined && probeNamed(task.answer) === undefined)
      this.literal(task, [...path, "answer"]);
  }

  private literal(task: WrittenTask, path: Path): void {
    const answer = String(task.answer);
    const values = task.choices?.map(choiceValue);
    if (values && !values.includes(answer)) {
      this.fault(path, `\`${answer}\` is none of the choices: ${values.join(", ")}.`);
    }
    if (task.tolerance !== undefined && !Number.isFinite(Number(answer))) {
      this.fault(path, `\`${answer}\` is not a number, but the question has a tolerance.`);
    }
  }

  steps(): void {
    const placed = new Map<string, string>();
    const seen = new Set<string>();
    for (const [index, step] of this.content.steps.entries()) {
      const path = ["steps", index];
      if (step.id === INTRO || step.id === FINISH)
        this.fault([...path, "id"], `\`${step.id}\` cannot be a step's name.`);
      if (seen.has(step.id)) this.fault([...path, "id"], `the step \`${step.id}\` is there twice.`);
      seen.add(step.id);
      for (const [position, task] of (step.tasks ?? []).entries()) {
        const here = [...path, "tasks", position];
        this.known("task", task, this.taskNames, here);
        if (placed.has(task))
          this.fault(here, `the task \`${task}\` is already part of the step \`${placed.get(task)}\`.`);
        placed.set(task, step.id);
      }
    }
    for (const task of this.taskNames) {
      if (!placed.has(task)) this.fault(["tasks", task], `the task \`${task}\` is part of no step.`);
    }
  }

  needs(): void {
    const order = this.content.steps.map((step) => step.tasks ?? []);
    const stepOf = (task: string) => order.findIndex((tasks) => tasks.includes(task));
    for (const [id, task] of Object.entries(this.content.tasks)) {
      for (const [index, need] of (task.needs ?? []).entries()) {
        const path = ["tasks", id, "needs", index];
        this.known("task", need, this.taskNames, path);
        if (stepOf(need) > stepOf(id) && stepOf(id) >= 0) this.fault(path, `\`${need}\` comes in a later step.`);
      }
    }
    const cycle = findCycle(this.content.tasks);
    if (cycle) this.fault(["tasks", cycle[0]!, "needs"], `the needs go in a circle: ${cycle.join(" → ")}.`);
  }

  private known(what: string, name: string, names: readonly string[], path: Path): void {
    if (!names.includes(name)) this.fault(path, `there is no ${what} \`${name}\`.${suggestion(name, names)}`);
  }

  private onlyMachine(path: Path): void {
    if (this.machineNames.length === 1) return;
    this.fault(path, `which machine? The lab has ${this.machineNames.join(", ")}.`);
  }
}

/** Whether a machine has to be named for a probe; of one that is not there, `unsupported` says so. */
const takesMachine = (probe: string | undefined) =>
  probe !== undefined && probeNames().includes(probe) && !isOfNetwork(probe);

/** @returns the name of the probe an answer is read from, or undefined when it is none */
export function probeNamed(answer: WrittenTask["answer"]): string | undefined {
  return typeof answer === "string" ? /^\s*\{\{\s*probe\.([\w-]+\.[\w-]+)/.exec(answer)?.[1] : undefined;
}

type WrittenChoice = NonNullable<WrittenTask["choices"]>[number];

/** What an answer is compared with: the choice's `value`, else its (English) text. */
export function choiceValue(choice: WrittenChoice): string {
  return typeof choice === "object" ? String(choice.value ?? choice.en) : String(choice);
}

/** @returns the first circle among needs, its first task again at the end; depth-first, each task entered once */
function findCycle(tasks: LabFileContent["tasks"]): string[] | undefined {
  const left = new Set<string>();
  const visit = (id: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(id)) return [...trail.slice(trail.indexOf(id)), id];
    if (left.has(id) || !Object.hasOwn(tasks, id)) return undefined;
    for (const need of tasks[id]!.needs ?? []) {
      const cycle = visit(need, [...trail, id]);
      if (cycle) return cycle;
    }
    left.add(id);
    return undefined;
  };
  for (const id of Object.keys(tasks)) {
    const cycle = visit(id, []);
    if (cycle) return cycle;
  }
  return undefined;
}
