import type { Lab, LabMachine, Panel } from "../lab.ts";
import { compareProse, type Prose, type ProseNames, parseProse } from "../prose.ts";
import type { LabFileContent } from "../schema.ts";
import { LANGUAGES, type Language } from "../text.ts";
import { buildMachines, buildTasks, machineValues } from "./build.ts";
import { crossCheck, FINISH, INTRO, probeNamed } from "./crosscheck.ts";
import { type Fault, suggestion } from "./fault.ts";
import { buildLinks } from "./links.ts";
import { seedValues } from "./seed.ts";
import { unsupported } from "./support.ts";
import { fill, knownPaths, soleTemplate, type Values } from "./template.ts";
import { validate } from "./validate.ts";
import { type Path, readYaml, type YamlFile } from "./yaml.ts";

/** The files of a lab, as text. */
export interface LabTexts {
  readonly yaml: string;
  readonly prose: Readonly<Record<Language, string>>;
}

export interface LabReading {
  /** There when nothing is wrong. */
  readonly lab: Lab | undefined;
  readonly faults: readonly Fault[];
  /** A fault at a path of `lab.yaml`, for what is found out later; there once the YAML could be read. */
  readonly fault: YamlFile["fault"] | undefined;
}

/** Where a lab comes from; see {@link Lab}. */
export interface Origin {
  readonly address: string;
  readonly foreign: boolean;
}

/**
 * Reads one instance of a lab. Any text may come in; what is wrong comes out as faults, all of them at once where one
 * does not hide another.
 *
 * @param seed 0 to 2^32 − 1
 */
export function readLab(texts: LabTexts, seed: number, origin: Origin): LabReading {
  const { file: yaml, faults } = readYaml("lab.yaml", texts.yaml);
  if (!yaml) return { lab: undefined, faults, fault: undefined };
  const fault = yaml.fault.bind(yaml);
  const checked = validate(yaml);
  if (!checked.content) return { lab: undefined, faults: checked.faults.sort(byPlace), fault };
  const values = instanceValues(checked.content, seed);
  const found: Fault[] = [];
  const content = fillContent(checked.content, values, yaml, found);
  found.push(...crossCheck(content, yaml), ...unsupported(content, yaml));
  const prose = readProse(texts, content, values, found);
  const machines = buildMachines(content, seed, (machine, message) => {
    found.push(yaml.fault(["machines", machine], message));
  });
  if (found.length) return { lab: undefined, faults: found.sort(byPlace), fault };
  return { lab: assemble(content, machines, prose, seed, origin), faults: [], fault };
}

const byPlace = (a: Fault, b: Fault) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column;

function instanceValues(content: LabFileContent, seed: number): Values {
  const ranges = Object.entries(content.seed ?? {}).filter(([, range]) => range.choose || range.from !== undefined);
  return { seed: seedValues(Object.fromEntries(ranges), seed), machines: machineValues(content, seed) };
}

/** Fills templates in everything a student reads or a machine runs; names and numbers hold none. */
function fillContent(content: LabFileContent, values: Values, yaml: YamlFile, faults: Fault[]): LabFileContent {
  const known = knownPaths(values);
  const fillDeep = (value: unknown, path: Path): unknown => {
    if (typeof value === "string") {
      return fill(value, values, (name, match) => {
        const isProbe = path.length === 3 && path[2] === "answer" && isReading(value);
        if (!isProbe) faults.push(yaml.fault(path, `\`{{${name}}}\` names no value.${suggestion(name, known)}`, match));
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => fillDeep(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillDeep(item, [...path, key])]));
  };
  const { title, summary, tasks } = content;
  return { ...content, ...(fillDeep({ title, ...(summary && { summary }), tasks }, []) as typeof content) };
}

/** An answer that is one probe's value and nothing else is read when the machine can be asked. */
const isReading = (answer: string) => soleTemplate(answer) !== undefined && probeNamed(answer) !== undefined;

function readProse(texts: LabTexts, content: LabFileContent, values: Values, faults: Fault[]): Record<Language, Prose> {
  const steps = content.steps.map((step) => [step.id, step.tasks ?? []] as const);
  const names: ProseNames = {
    sections: new Map([[INTRO, []], ...steps, [FINISH, []]]),
    titled: new Set(steps.map(([id]) => id)),
    machines: Object.keys(content.machines),
    values,
  };
  const read = (language: Language) => {
    const { prose, faults: wrong } = parseProse(`${language}.md`, texts.prose[language], names);
    faults.push(...wrong);
    return prose;
  };
  const prose = Object.fromEntries(LANGUAGES.map((language) => [language, read(language)])) as Record<Language, Prose>;
  faults.push(...compareProse(prose.en, prose.zh, "zh.md"));
  return prose;
}

/** @param written as the schema's pattern allows it: a kind, or a kind and a machine */
function panelNamed(written: string): Panel {
  const [kind, machine] = written.split(":");
  return { kind, ...(machine && { machine }) } as Panel;
}

function assemble(
  content: LabFileContent,
  machines: readonly LabMachine[],
  prose: Record<Language, Prose>,
  seed: number,
  origin: Origin,
): Lab {
  const written = content.layout ?? [...machines.map(({ spec }) => `terminal:${spec.name}`), "steps"];
  const places = written.map((place) => [place].flat().map(panelNamed));
  return {
    address: origin.address,
    foreign: origin.foreign,
    id: content.id,
    seed,
    version: content.version,
    title: content.title,
    summary: content.summary,
    minutes: content.minutes,
    machines,
    links: buildLinks(content.links ?? {}, machines),
    layout: places.flat(),
    places,
    tasks: buildTasks(content),
    steps: content.steps.map((step) => ({ id: step.id, tasks: step.tasks ?? [] })),
    prose,
  };
}
