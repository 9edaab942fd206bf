import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CAPABILITIES,
  capabilityNames,
  childrenElsewhere,
  differences,
  idInside,
  letterNamespaces,
  lookInside,
  OVERFLOW_ID,
  processTree,
  shares,
  visibleProcesses,
  withoutScripts,
} from "../../src/probe/namespace-sharing.ts";
import { KINDS, type NamespaceReading, type Process, SEVEN } from "../../src/probe/namespaces.ts";
import { CONTAINER_INIT, container, fresh } from "./readings.ts";

const find = (reading: NamespaceReading, pid: number) => reading.processes.find((process) => process.pid === pid)!;

/** The fresh machine's shell again and again, with parents and namespaces of one's choosing. */
const anyReading = fc
  .array(fc.record({ ppid: fc.integer({ min: 0, max: 12 }), uts: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 })
  .map((rows): NamespaceReading => {
    const reading = fresh();
    const shell = find(reading, 28);
    const processes = rows.map(
      ({ ppid, uts }, index): Process => ({
        ...shell,
        pid: index + 1,
        nspid: [index + 1],
        ppid,
        namespaces: { ...shell.namespaces, uts },
      }),
    );
    const template = reading.namespaces.find(({ kind }) => kind === "uts")!;
    const numbers = [...new Set(rows.map(({ uts }) => uts))];
    const others = reading.namespaces.filter(({ kind }) => kind !== "uts");
    return { ...reading, processes, namespaces: [...others, ...numbers.map((inode) => ({ ...template, inode }))] };
  });

describe("who shares what", () => {
  it("finds no difference on a machine just booted, and seven in a container", () => {
    expect(fresh().processes.flatMap((process) => differences(fresh(), process))).toEqual([]);
    expect(differences(container(), find(container(), CONTAINER_INIT))).toEqual(SEVEN);
  });

  it("finds none for a process in a chroot: no namespace is its own", () => {
    const jailed = container().processes.filter(({ root }) => root === "/jail");
    expect(jailed.map((process) => differences(container(), process))).toEqual([[]]);
  });

  it("puts every process into exactly one share of each kind", () => {
    fc.assert(
      fc.property(anyReading, (reading) => {
        const members = shares(reading, "uts").flatMap((share) => share.members);
        expect([...members].sort()).toEqual(reading.processes.map(({ pid }) => pid).sort());
      }),
    );
  });

  it("gives two processes the same letter exactly when they share the namespace", () => {
    fc.assert(
      fc.property(anyReading, (reading) => {
        const { uts } = letterNamespaces(reading);
        const letter = ({ namespaces }: Process) => uts.get(namespaces.uts!);
        for (const a of reading.processes) {
          for (const b of reading.processes) {
            expect(letter(a) === letter(b)).toBe(a.namespaces.uts === b.namespaces.uts);
          }
        }
      }),
    );
  });

  it("calls process 1's own namespaces a", () => {
    const letters = letterNamespaces(container());
    const init = find(container(), 1);
    expect(KINDS.map((kind) => letters[kind].get(init.namespaces[kind]!))).toEqual(KINDS.map(() => "a"));
  });

  it("keeps the letter of a namespace while others come and go", () => {
    fc.assert(
      fc.property(anyReading, anyReading, (first, second) => {
        const before = letterNamespaces(first).uts;
        const after = letterNamespaces(second, letterNamespaces(first)).uts;
        for (const [inode, letter] of after) {
          const was = before.get(inode);
          if (was !== undefined && was !== "a" && letter !== "a") expect(letter).toBe(was);
        }
        expect(new Set(after.values()).size).toBe(after.size);
      }),
    );
  });
});

describe("the tree of processes", () => {
  it("lists every process once, whatever parents a document claims", () => {
    fc.assert(
      fc.property(anyReading, (reading) => {
        const listed = processTree(reading).map(({ process }) => process.pid);
        expect([...listed].sort()).toEqual(reading.processes.map(({ pid }) => pid).sort());
      }),
    );
  });

  it("leaves out what the agent runs, and the agent stays", () => {
    const reading = container();
    const script: Process = { ...find(reading, 28), pid: 400, ppid: 27 };
    const child: Process = { ...script, pid: 401, ppid: 400 };
    const busy = { ...reading, processes: [...reading.processes, child, script] };
    expect(withoutScripts(busy).processes).toEqual(reading.processes);
  });
});

describe("inside and outside", () => {
  it("gives the container's process 1 both of its numbers and both of its ids", () => {
    const { pid, uid } = lookInside(container(), find(container(), CONTAINER_INIT));
    expect({ pid, uid }).toEqual({
      pid: { inside: 1, outside: CONTAINER_INIT },
      uid: { inside: 0, outside: 1000 },
    });
  });

  it("shows a container its own processes alone, and the machine all of them", () => {
    const reading = container();
    const seen = (pid: number) => visibleProcesses(reading, find(reading, pid)).map(({ inside }) => inside);
    expect(seen(CONTAINER_INIT)).toEqual([1]);
    expect(seen(1)).toEqual(reading.processes.map(({ pid }) => pid));
  });

  it("notices a shell whose children are born elsewhere", () => {
    expect(
      container()
        .processes.filter(childrenElsewhere)
        .map(({ pid }) => pid),
    ).toEqual([50, 55]);
  });

  it("maps ids by ranges and everything else to the overflow id", () => {
    const maps = [{ inside: 0, outside: 100_000, count: 65_536 }];
    expect([99_999, 100_000, 165_535, 165_536].map((id) => idInside(maps, id))).toEqual([
      OVERFLOW_ID,
      0,
      65_535,
      OVERFLOW_ID,
    ]);
  });

  it("names the capabilities of a mask", () => {
    expect(capabilityNames("200000")).toEqual(["SYS_ADMIN"]);
    expect(capabilityNames("1ffffffffff")).toEqual([...CAPABILITIES]);
    expect(capabilityNames("0")).toEqual([]);
  });
});
