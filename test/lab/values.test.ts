import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seedValues } from "../../src/lab/format/seed.ts";
import { fill, lookUp, parsePath, soleTemplate } from "../../src/lab/format/template.ts";
import { MOST_SEED, readSeed } from "../../src/lab/index.ts";
import { labOf, labTexts } from "./fixtures.ts";

const anySeed = fc.integer({ min: 0, max: MOST_SEED });

describe("seeds", () => {
  it("keep every value in its range, and choose only what there is to choose", () => {
    fc.assert(
      fc.property(anySeed, fc.integer(), fc.nat(), (seed, from, width) => {
        const values = seedValues({ n: { from, to: from + width }, c: { choose: ["a", "b"] } }, seed);
        return Number(values.n) >= from && Number(values.n) <= from + width && ["a", "b"].includes(String(values.c));
      }),
    );
  });

  it("give a name the same value whatever other names there are", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const range = { from: 0, to: 1_000_000 };
        return seedValues({ a: range }, seed).a === seedValues({ z: range, a: range, b: { choose: [1] } }, seed).a;
      }),
    );
  });

  it("give the values they have always given: an address is a promise", () => {
    const written = { host: { choose: ["ash", "birch", "cedar", "elm"] }, number: { from: 1000, to: 9999 } };
    expect([0, 1, 2, MOST_SEED].map((seed) => seedValues(written, seed))).toMatchInlineSnapshot(`
      [
        {
          "host": "birch",
          "number": 5435,
        },
        {
          "host": "ash",
          "number": 3281,
        },
        {
          "host": "birch",
          "number": 3219,
        },
        {
          "host": "ash",
          "number": 9311,
        },
      ]
    `);
  });

  it("reach every choice", () => {
    const seen = new Set(
      Array.from({ length: 200 }, (_, seed) => seedValues({ c: { choose: [1, 2, 3, 4, 5] } }, seed).c),
    );
    expect(seen.size).toBe(5);
  });

  it("are read from an address only when they are whole numbers in range", () => {
    expect(["0", "42", "4294967295"].map(readSeed)).toEqual([0, 42, MOST_SEED]);
    expect(["", "-1", "1.5", "4294967296", "0x1", "1e3", " 1"].map(readSeed)).toEqual(Array(7).fill(undefined));
  });

  it("reach scripts and prose", () => {
    const texts = labTexts("  up:\n    check: test {{seed.n}} = 7", { head: "seed: { n: { from: 7, to: 7 } }" });
    const prose = { en: texts.prose.en.replace("Text.", "Seven is {{ seed.n }}."), zh: texts.prose.zh };
    const lab = labOf({ ...texts, prose });
    expect(lab.tasks.up).toMatchObject({ check: { run: "test 7 = 7" } });
    expect(lab.prose.en.intro?.blocks).toEqual([{ kind: "markdown", text: "Seven is 7." }]);
  });
});

describe("templates", () => {
  const values = { seed: { host: "ash", n: 7 }, machines: { a: { nics: [{ mac: "02:00:00:00:00:01" }] } } };
  const filled = (text: string) => {
    const unknown: string[] = [];
    return [fill(text, values, (path) => void unknown.push(path)), unknown] as const;
  };

  it("stand for values by path", () => {
    expect(filled("{{seed.host}}-{{ seed.n }} {{machines.a.nics[0].mac}}")).toEqual(["ash-7 02:00:00:00:00:01", []]);
  });

  it.each([
    "seed.hots",
    "seed",
    "machines.a.nics[1].mac",
    "seed.__proto__",
    "constructor",
    "seed.host.length",
    "seed host",
  ])("name %j as unknown and leave it", (path) => expect(filled(`{{${path}}}`)).toEqual([`{{${path}}}`, [path]]));

  it("leave braces that are not theirs", () => {
    expect(filled("docker inspect -f '{{.Name}}' $a}} {{}} {{ {")).toEqual([
      "docker inspect -f '{{.Name}}' $a}} {{}} {{ {",
      [],
    ]);
  });

  it("never fail, and leave text without braces as it is", () => {
    fc.assert(fc.property(fc.string(), (text) => filled(text)[0] === text || text.includes("{{")));
  });

  it("never reach what an object did not get from the lab", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)), (name) => {
        return lookUp(values, [name]) === undefined && lookUp(values, ["seed", name]) === undefined;
      }),
    );
  });

  it("are paths of names and numbers", () => {
    expect(parsePath("probe.network.counters.trunk[2].broadcast")).toEqual([
      "probe",
      "network",
      "counters",
      "trunk",
      "2",
      "broadcast",
    ]);
    expect(["", ".a", "a.", "a[b]", "a b", "a()"].map(parsePath)).toEqual(Array(6).fill(undefined));
    expect([soleTemplate(" {{a.b}} "), soleTemplate("{{a}}{{b}}"), soleTemplate("x{{a}}")]).toEqual([
      "a.b",
      undefined,
      undefined,
    ]);
  });
});
