import { describe, expect, it } from "vitest";
import { formatFault, readLab } from "../../src/lab/index.ts";
import { faultsOf, labOf, labTexts } from "./fixtures.ts";

/** The lab of contracts.md, 1; machine names are lower-case, as a MachineSpec has them. */
const CONTRACT = `version: 1
id: xen-bridge
title: { en: "Bridged guests", zh: "桥接网络" }
minutes: 25
machines:
  dom0: { image: linux, memory: 64, nics: [{ link: physical }, { link: trunk }] }
  domu: { image: linux, memory: 32, nics: [{ link: trunk, vlan: 101 }] }
links:
  physical: { kind: switch }
  trunk:    { kind: switch, latency: 2ms, loss: 0 }
layout: [terminal:dom0, network, steps]
tasks:
  bridge-up:
    machine: dom0
    needs: []
    check: ip -d link show xenbr0 | grep -q bridge
    hint:  ip link show xenbr0 >/dev/null 2>&1 || echo "There is no interface called xenbr0 yet."
    solve: ip link add xenbr0 type bridge && ip link set xenbr0 up
  learned:
    probe: network.fdb
    where: { link: trunk, mac: "{{machines.domu.nics[0].mac}}" }
    solve: { machine: domu, run: ping -c1 10.0.0.1 }
  guess:
    ask: { en: "How many frames?", zh: "多少帧?" }
    answer: "{{probe.network.counters.trunk.broadcast}}"
steps:
  - { id: build, tasks: [bridge-up] }
  - { id: watch, tasks: [learned, guess] }
`;
const CONTRACT_PROSE = "## intro\n## build\n### Build\n## watch\n### Watch\n## finish\n";

const messages = (texts: Parameters<typeof faultsOf>[0]) => faultsOf(texts).map(formatFault);

describe("the contract's own example", () => {
  it("is read: two cards, a VLAN, a link between hosts, tasks about links that name no machine", () => {
    const prose = { en: CONTRACT_PROSE, zh: CONTRACT_PROSE };
    const { lab, faults } = readLab({ yaml: CONTRACT, prose }, 0, { address: "", foreign: false });
    expect(faults.map(formatFault)).toEqual([]);
    expect(lab?.machines.map(({ spec }) => spec.nics)).toMatchObject([
      [{ link: "physical" }, { link: "trunk" }],
      [{ link: "trunk", vlan: 101 }],
    ]);
    expect(lab?.links).toEqual([
      { name: "physical", spec: { kind: "switch" }, place: "dom0" },
      { name: "trunk", spec: { kind: "switch", latency: 2, loss: 0 }, place: "network" },
    ]);
    expect(lab?.tasks.learned).toMatchObject({ kind: "probe", machine: undefined, probe: "network.fdb" });
    expect(lab?.tasks.guess).toMatchObject({ answer: { probe: "network.counters", path: ["trunk", "broadcast"] } });
  });
});

describe("faults of lab.yaml", () => {
  it("name every unknown key and the key that was probably meant", () => {
    expect(messages(labTexts("  up:\n    chek: true\n    solv: true"))).toEqual([
      expect.stringMatching(
        /^lab\.yaml:10:5 tasks\.up\.chek: `chek` is not known here\. Did you mean `check`\? Known: /,
      ),
      expect.stringMatching(/^lab\.yaml:11:5 tasks\.up\.solv: .* Did you mean `solve`\?/),
    ]);
  });

  it("name a missing key at the map that lacks it", () => {
    const texts = labTexts("  up: { check: 'true' }");
    expect(messages({ ...texts, yaml: texts.yaml.replace("minutes: 5\n", "") })).toEqual([
      "lab.yaml:1:1 minutes: `minutes` is missing.",
    ]);
  });

  it.each([
    ["    check: 7", "tasks.up.check: expected a script, or { machine, run }, found `7`."],
    ["    check: ''", "tasks.up.check: expected a script that is not empty, found the text ``."],
    ["    check: { run: [] }", "tasks.up.check.run: expected a script, found a list of 0."],
    ["    check: { rum: a }", "tasks.up.check.run: `run` is missing."],
    ["    ask: { en: a }", "tasks.up.ask.zh: `zh` is missing."],
    ["    check: a\n    needs: up", "tasks.up.needs: expected a list of tasks, found the text `up`."],
    ["    check: a\n    ask: b", "tasks.up: expected one of `check`, `probe` and `ask`, and only one."],
    ["    say: a", "tasks.up: expected one of `check`, `probe` and `ask`, and only one."],
    ["    check: a\n    tolerance: 3", "tasks.up.tolerance: `tolerance` belongs to a task with `ask`."],
    ["    check: a\n    needs: [upp]", "tasks.up.needs[0]: there is no task `upp`. Did you mean `up`?"],
    ["    check: a\n    machine: bax", "tasks.up.machine: there is no machine `bax`. Did you mean `box`?"],
    ["    ask: a\n    must: right", "tasks.up.must: `must` needs an `answer`."],
    ["    ask: a\n    answer: 3\n    choices: [1, 2]", "tasks.up.answer: `3` is none of the choices: 1, 2."],
    [
      "    ask: a\n    answer: b\n    tolerance: 10%",
      "tasks.up.answer: `b` is not a number, but the question has a tolerance.",
    ],
    ["    ask: a\n    answer: 3\n    reveal: up", "tasks.up.reveal: a question cannot reveal itself."],
    ["    ask: a\n    tolerance: 10 %", "tasks.up.tolerance: expected a share such as 10%, found the text `10 %`."],
    ["    check: a\n    hint: { en: a }", "tasks.up.hint: expected a script, { en, zh }, or { machine, run }."],
    [
      "    ask: a\n    answer: '{{probe.guest.namespaces.leftOut}} of it'",
      "tasks.up.answer: `{{probe.guest.namespaces.leftOut}}` names no value.",
    ],
    ["    check: a\n    hint: [{ en: b, zh: c }]", "tasks.up.hint: a list of hints belongs to a task with `probe`."],
    [
      "    check: a\n    solve: { machine: box }",
      "tasks.up.solve: expected { machine, run }, { machine, control, with }, or { machine, restart }.",
    ],
    [
      "    check: a\n    solve: [a, { run: b, with: { c: 1 } }]",
      "tasks.up.solve[1]: expected { machine, run }, { machine, control, with }, or { machine, restart }.",
    ],
    [
      "    check: a\n    solve: { control: io.pause }",
      "tasks.up.solve.control: there is no setting `io.pause`. Did you mean `io.pace`?",
    ],
    [
      "    check: a\n    solve: [{ machine: bax, run: b }]",
      "tasks.up.solve[0].machine: there is no machine `bax`. Did you mean `box`?",
    ],
    ["    probe: guest.namespaces", "tasks.up: `where` is missing: what the reading must hold."],
    [
      "    probe: guest.namespace\n    where: { a: 1 }",
      "tasks.up.probe: This version has no probe `guest.namespace`. Did you mean `guest.namespaces`?",
    ],
  ])("say what was expected: %j", (task, expected) => {
    expect(messages(labTexts(`  up:\n${task}`)).map((message) => message.replace(/^\S+ /, ""))).toContain(expected);
  });

  it("find needs that go in a circle, and say the circle", () => {
    const tasks = "  a: { check: x, needs: [c] }\n  b: { check: x, needs: [a] }\n  c: { check: x, needs: [b] }";
    expect(messages(labTexts(tasks)).join("\n")).toContain("the needs go in a circle: a → c → b → a.");
  });

  it("refuse a need that comes in a later step", () => {
    const tasks = "  a: { check: x, needs: [b] }\n  b: { check: x }";
    expect(messages(labTexts(tasks, { steps: ["one", "two"] })).join("\n")).toContain("`b` comes in a later step.");
  });

  it("ask which machine where there are several", () => {
    const head = "machines:\n  a: { image: linux }\n  b: { image: linux }\nlayout: [terminal:c, steps]";
    const found = messages(labTexts("  up: { check: x }", { head })).join("\n");
    expect(found).toContain("tasks.up.check: which machine? The lab has a, b.");
    expect(found).toContain("layout[0]: there is no machine `c`.");
  });

  it("compare the costs of machines with the hypervisor only", () => {
    const head = (image: string) => `machines: { a: { image: ${image} } }\nlayout: [costs, steps]`;
    const about = (image: string) => messages(labTexts("  up: { check: x }", { head: head(image) })).join("\n");
    expect(about("linux")).toContain("layout[0]: `costs` compares machines with the image `hypervisor`");
    expect(about("hypervisor")).toBe("");
  });

  it("point into a script at the line of a template that names nothing", () => {
    const [fault] = faultsOf(
      labTexts("  up:\n    check: |\n      true\n      test {{sed.n}}", { head: "seed: { n: { from: 1, to: 2 } }" }),
    );
    expect(fault).toMatchObject({ line: 12, column: 12, path: "tasks.up.check" });
    expect(fault?.message).toBe("`{{sed.n}}` names no value. Did you mean `seed.n`?");
  });

  it("report a task in two steps and a task in none", () => {
    const texts = labTexts("  a: { check: x }\n  b: { check: x }");
    const yaml = texts.yaml.replace("tasks: [a, b]", "tasks: [a, a]");
    expect(messages({ ...texts, yaml })).toEqual([
      expect.stringContaining("tasks.b: the task `b` is part of no step."),
      expect.stringContaining("steps[0].tasks[1]: the task `a` is already part of the step `one`."),
    ]);
  });
});

describe("a lab that is sound", () => {
  it.each([
    ["echo a", { en: "echo a", zh: "echo a" }],
    ["{ en: echo a, zh: echo b }", { en: "echo a", zh: "echo b" }],
    ["{ machine: box, run: echo a }", { en: "echo a", zh: "echo a" }],
    ["{ run: { en: echo a, zh: echo b } }", { en: "echo a", zh: "echo b" }],
  ])("may write a hint as %s", (hint, run) => {
    expect(labOf(labTexts(`  up: { check: x, hint: ${hint} }`)).tasks.up?.hint).toEqual({ machine: "box", run });
  });

  it("may be solved by what is typed, what is turned and a restart, one after the other", () => {
    const solve = "[a, { run: b }, { control: io.pace, with: { stepping: true } }, { restart: true }]";
    expect(labOf(labTexts(`  up: { check: x, solve: ${solve} }`)).tasks.up?.solve).toEqual([
      { machine: "box", run: "a" },
      { machine: "box", run: "b" },
      { machine: "box", control: "io.pace", with: { stepping: true } },
      { machine: "box", restart: true },
    ]);
  });

  it("comes out with its defaults filled in", () => {
    const lab = labOf(labTexts("  up: { check: test -e x, solve: touch x, hint: echo no }"));
    expect(lab.machines[0]).toEqual({
      spec: { name: "box", image: "linux", memory: 64, nics: [], disks: [], layers: [], options: [] },
      host: "box",
      files: [],
    });
    expect(lab.tasks.up).toMatchObject({
      kind: "check",
      check: { machine: "box", run: "test -e x" },
      hint: { machine: "box", run: { en: "echo no", zh: "echo no" } },
    });
    expect(lab.layout).toEqual([{ kind: "terminal", machine: "box" }, { kind: "steps" }]);
  });

  it("puts files of its folder where the machine wants them", () => {
    const head =
      "machines:\n  box: { image: linux, files: { /root/a: a.txt, /bin/b: { from: sub/b.sh, executable: true } } }";
    expect(labOf(labTexts("  up: { check: x }", { head })).machines[0]?.files).toEqual([
      { from: "files/a.txt", to: "/root/a", mode: 0o644 },
      { from: "files/sub/b.sh", to: "/bin/b", mode: 0o755 },
    ]);
  });

  it("has the same cards for the same seed and others for another", () => {
    const head = "machines:\n  box: { image: linux, nics: [{}] }";
    const mac = (seed: number) => labOf(labTexts("  up: { check: x }", { head }), seed).machines[0]?.spec.nics[0]?.mac;
    expect(mac(1)).toBe(mac(1));
    expect(mac(1)).not.toBe(mac(2));
  });
});
