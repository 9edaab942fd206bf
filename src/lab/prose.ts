import { type Fault, suggestion } from "./format/fault.ts";
import { fill, type Values } from "./format/template.ts";

/** The prose of a lab in one language: its sections by step id, and `intro` and `finish`. */
export type Prose = Readonly<Record<string, Section>>;

export interface Section {
  /** The section's first `###` heading; empty when it has none. */
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "markdown"; readonly text: string }
  /** A command: `run` says that a button may type it into the machine's terminal; it may always be copied. */
  | { readonly kind: "command"; readonly machine: string; readonly text: string; readonly run: boolean }
  | { readonly kind: "task"; readonly task: string };

/** What prose may name. */
export interface ProseNames {
  /** Sections the file must have, with the tasks each may place, in the lab's order. */
  readonly sections: ReadonlyMap<string, readonly string[]>;
  /** Sections that must have a `###` heading. */
  readonly titled: ReadonlySet<string>;
  /** Machines of the lab; a command that names none goes to the first. */
  readonly machines: readonly string[];
  readonly values: Values;
}

/** A section while it is being read. */
interface Draft {
  readonly id: string;
  readonly line: number;
  title: string;
  readonly blocks: Block[];
  readonly markdown: string[];
}

interface Fence {
  readonly mark: string;
  readonly line: number;
  readonly command: { readonly machine: string; readonly run: boolean } | undefined;
  readonly lines: string[];
}

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})\s*(.*?)\s*$/;

/**
 * Splits one language's Markdown into sections and blocks (the conventions are in schema.ts). Markdown itself is left
 * as it is, for the page to render and to sanitise.
 *
 * @param file the name faults carry
 */
export function parseProse(file: string, source: string, names: ProseNames): { prose: Prose; faults: Fault[] } {
  const reader = new ProseReader(file, names);
  const lines = source.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) reader.take(line, index + 1);
  return reader.end(lines.length);
}

class ProseReader {
  private readonly file: string;
  private readonly names: ProseNames;
  private readonly faults: Fault[] = [];
  private readonly drafts = new Map<string, Draft>();
  private draft: Draft | undefined;
  private fence: Fence | undefined;

  constructor(file: string, names: ProseNames) {
    this.file = file;
    this.names = names;
  }

  take(written: string, line: number): void {
    const text = fill(written, this.names.values, (path, match) =>
      this.fault(line, `\`{{${path}}}\` names no value.`, written.indexOf(match) + 1),
    );
    if (this.fence) this.insideFence(this.fence, text);
    else this.outsideFence(text, line);
  }

  end(lastLine: number): { prose: Prose; faults: Fault[] } {
    if (this.fence) this.fault(this.fence.line, "This code block is not closed.");
    this.closeSection();
    for (const [id] of this.names.sections) {
      if (!this.drafts.has(id)) this.fault(lastLine, `The section \`## ${id}\` is missing.`);
    }
    const sections = [...this.drafts.values()].map((draft) => [draft.id, this.finished(draft)] as const);
    return { prose: Object.fromEntries(sections), faults: this.faults };
  }

  private finished(draft: Draft): Section {
    const placed = new Set(draft.blocks.map((block) => (block.kind === "task" ? block.task : "")));
    const rest = (this.names.sections.get(draft.id) ?? []).filter((task) => !placed.has(task));
    if (!draft.title && this.names.titled.has(draft.id)) {
      this.fault(draft.line, `The section \`${draft.id}\` has no \`###\` heading, which is the step's title.`);
    }
    return { title: draft.title, blocks: [...draft.blocks, ...rest.map((task) => ({ kind: "task", task }) as const)] };
  }

  private outsideFence(text: string, line: number): void {
    const heading = /^(#{1,3})\s+(.*?)\s*#*\s*$/.exec(text);
    const fence = FENCE.exec(text);
    const place = /^ {0,3}\[\[\s*([^[\]]+?)\s*\]\]\s*$/.exec(text);
    if (heading?.[1] === "##") this.openSection(heading[2]!, line);
    else if (!this.draft) this.beforeSections(text, heading?.[1] === "#", line);
    else if (heading?.[1] === "###" && !this.draft.title) this.draft.title = heading[2]!;
    else if (fence) this.openFence(fence[1]!, fence[2]!, text, line);
    else if (place) this.placeTask(place[1]!, line);
    else this.draft.markdown.push(text);
  }

  private beforeSections(text: string, isTitle: boolean, line: number): void {
    if (text.trim() && !isTitle) this.fault(line, "Text before the first `## <step>` belongs to no step.");
  }

  private openSection(id: string, line: number): void {
    this.closeSection();
    const known = [...this.names.sections.keys()];
    if (!this.names.sections.has(id)) this.fault(line, `There is no step \`${id}\`.${suggestion(id, known)}`);
    else if (this.drafts.has(id)) this.fault(line, `The section \`${id}\` is there twice.`);
    this.draft = { id, line, title: "", blocks: [], markdown: [] };
    if (this.names.sections.has(id) && !this.drafts.has(id)) this.drafts.set(id, this.draft);
  }

  private closeSection(): void {
    this.flush();
    this.draft = undefined;
  }

  /** Ends a run of Markdown; blank lines around it carry nothing. */
  private flush(): void {
    if (!this.draft) return;
    const text = this.draft.markdown
      .splice(0)
      .join("\n")
      .replace(/^(?:[ \t]*\n)+|\s+$/g, "");
    if (text.trim()) this.draft.blocks.push({ kind: "markdown", text });
  }

  private placeTask(task: string, line: number): void {
    const draft = this.draft!;
    const tasks = this.names.sections.get(draft.id) ?? [];
    if (!tasks.includes(task)) {
      this.fault(line, `\`${task}\` is not a task of the step \`${draft.id}\`.${suggestion(task, tasks)}`);
    } else if (draft.blocks.some((block) => block.kind === "task" && block.task === task)) {
      this.fault(line, `The task \`${task}\` is placed twice.`);
    } else {
      this.flush();
      draft.blocks.push({ kind: "task", task });
    }
  }

  private openFence(mark: string, info: string, text: string, line: number): void {
    const [word, machine = this.names.machines[0] ?? "", ...more] = info.split(/\s+/);
    const isCommand = word === "run" || word === "copy";
    if (isCommand && (more.length || !this.names.machines.includes(machine))) {
      this.fault(line, `\`${info}\` names no machine.${suggestion(machine, this.names.machines)}`);
    }
    const command = isCommand ? { machine, run: word === "run" } : undefined;
    this.fence = { mark, line, command, lines: [] };
    if (command) this.flush();
    else this.draft!.markdown.push(text);
  }

  private insideFence(fence: Fence, text: string): void {
    const end = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(text);
    const closes = end && end[1]![0] === fence.mark[0] && end[1]!.length >= fence.mark.length;
    if (!fence.command) this.draft!.markdown.push(text);
    else if (!closes) fence.lines.push(text);
    if (!closes) return;
    this.fence = undefined;
    if (fence.command) this.pushCommand(fence, fence.command);
  }

  private pushCommand(fence: Fence, command: { readonly machine: string; readonly run: boolean }): void {
    const text = fence.lines.join("\n").trim();
    if (!text) this.fault(fence.line, "This command is empty.");
    else this.draft!.blocks.push({ kind: "command", machine: command.machine, text, run: command.run });
  }

  private fault(line: number, message: string, column = 1): void {
    this.faults.push({ file: this.file, line, column: Math.max(1, column), path: "", message });
  }
}

/** @returns a fault for every section that has more commands in one language than in the other */
export function compareProse(one: Prose, other: Prose, file: string): Fault[] {
  const commands = (section: Section | undefined) => section?.blocks.filter((block) => block.kind === "command").length;
  return Object.keys(one).flatMap((id) => {
    const [here, there] = [commands(one[id]), commands(other[id])];
    if (there === undefined || here === there) return [];
    const message = `The section \`${id}\` has ${there} commands here and ${here} in the other language.`;
    return [{ file, line: 1, column: 1, path: "", message }];
  });
}
