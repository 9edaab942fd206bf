import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFault } from "../../src/lab/index.ts";
import { compareProse, type ProseNames, parseProse } from "../../src/lab/prose.ts";

const names: ProseNames = {
  sections: new Map([
    ["intro", []],
    ["build", ["up", "down"]],
    ["finish", []],
  ]),
  titled: new Set(["build"]),
  machines: ["dom0", "domu"],
  values: { seed: { n: 7 } },
};
const around = (build: string) => `# Title\n\n## intro\nHello.\n\n## build\n### Build it\n${build}\n## finish\n`;
const parse = (source: string) => parseProse("en.md", source, names);
const build = (source: string) => parse(around(source)).prose.build;
const faults = (source: string) => parse(source).faults.map(formatFault);

describe("prose", () => {
  it("is sections of Markdown, commands and tasks, in the order they were written", () => {
    const section = build(`
Look at *this*.

\`\`\`run
ip link
\`\`\`

[[down]]

And then:

~~~~copy domu
cat <<'X'
~~~
X
~~~~

\`\`\`sh
# only an example
\`\`\`
`);
    expect(section).toEqual({
      title: "Build it",
      blocks: [
        { kind: "markdown", text: "Look at *this*." },
        { kind: "command", machine: "dom0", text: "ip link", run: true },
        { kind: "task", task: "down" },
        { kind: "markdown", text: "And then:" },
        { kind: "command", machine: "domu", text: "cat <<'X'\n~~~\nX", run: false },
        { kind: "markdown", text: "```sh\n# only an example\n```" },
        { kind: "task", task: "up" },
      ],
    });
  });

  it("does not take headings or tasks inside code for its own", () => {
    const section = build("```sh\n## intro\n[[up]]\n### no title\n```");
    expect(section?.blocks[0]).toEqual({ kind: "markdown", text: "```sh\n## intro\n[[up]]\n### no title\n```" });
    expect(faults(around("```sh\n## intro\n```"))).toEqual([]);
  });

  it("takes the first heading as the title and leaves the others", () => {
    expect(build("A.\n\n### More\nB.")?.blocks[0]).toEqual({ kind: "markdown", text: "A.\n\n### More\nB." });
  });

  it("fills in values, in commands as well", () => {
    expect(build("```run\necho {{seed.n}}\n```")?.blocks[0]).toMatchObject({ text: "echo 7" });
  });

  it("is the same with the line ends of Windows", () => {
    const source = around("A.\n\n```run\nls\n```");
    expect(parse(source.replaceAll("\n", "\r\n"))).toEqual(parse(source));
  });

  it.each([
    ["## bild\n### x", "en.md:8:1: There is no step `bild`. Did you mean `build`?"],
    ["## build\n### x", "en.md:8:1: The section `build` is there twice."],
    ["\n[[op]]", "en.md:9:1: `op` is not a task of the step `build`. Did you mean `up`?"],
    ["[[up]]\n[[up]]", "en.md:9:1: The task `up` is placed twice."],
    ["\n```run domo\nls\n```", "en.md:9:1: `run domo` names no machine. Did you mean `dom0`?"],
    ["\n```run\n\n```", "en.md:9:1: This command is empty."],
    ["\n```run\nls", "en.md:9:1: This code block is not closed."],
    ["\nA {{seed.m}}", "en.md:9:3: `{{seed.m}}` names no value."],
  ])("has a fault with its line: %j", (text, expected) => {
    expect(faults(around(text))).toContain(expected);
  });

  it("misses sections, titles, and a place for text before the first section", () => {
    expect(faults("Early.\n## build\nText.\n")).toEqual([
      "en.md:1:1: Text before the first `## <step>` belongs to no step.",
      "en.md:4:1: The section `## intro` is missing.",
      "en.md:4:1: The section `## finish` is missing.",
      "en.md:2:1: The section `build` has no `###` heading, which is the step's title.",
    ]);
  });

  it("has as many commands in one language as in the other", () => {
    const [one, other] = ["```run\nls\n```", "Only text."].map((text) => parse(around(text)).prose);
    expect(compareProse(one!, other!, "zh.md").map(({ message }) => message)).toEqual([
      "The section `build` has 0 commands here and 1 in the other language.",
    ]);
    expect(compareProse(one!, one!, "zh.md")).toEqual([]);
  });

  it("places every task exactly once, whatever is written", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom("```run", "```", "~~~", "[[up]]", "[[down]]", "## build", "## x", "### y", ""),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const blocks = parse(lines.join("\n")).prose.build?.blocks ?? [];
        const tasks = blocks.flatMap((block) => (block.kind === "task" ? [block.task] : []));
        return blocks.length === 0 || (tasks.length === 2 && new Set(tasks).size === 2);
      }),
    );
  });
});
