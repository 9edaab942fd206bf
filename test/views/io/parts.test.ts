import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NotifyCondition } from "../../../src/probe/io/types.ts";
import { dumpLines } from "../../../src/views/io/bytes.ts";
import { writeCondition } from "../../../src/views/io/ring/condition.ts";
import { type Label, placeLabels } from "../../../src/views/io/ring/labels.ts";
import { eventsShown } from "../../../src/views/io/trace.ts";
import { figure, ioWords } from "../../../src/views/io/words/words.ts";
import { trace, xenCondition } from "./rings.ts";

describe("a notify condition, written out", () => {
  it("is Xen's macro with its numbers", () => {
    expect(writeCondition(xenCondition("front-to-back", 17, 16, 16))).toEqual({
      named: "(req_prod 17 − req_event 16) < (17 − old 16)",
      worked: "1 < 1",
      modulo: undefined,
      holds: false,
    });
    expect(writeCondition(xenCondition("back-to-front", 20, 16, 17))).toMatchObject({
      named: "(rsp_prod 20 − rsp_event 17) < (20 − old 16)",
      worked: "3 < 4",
      holds: true,
    });
  });

  it("wraps as 32 bits do, and says so", () => {
    expect(writeCondition(xenCondition("front-to-back", 17, 16, 18))).toMatchObject({
      worked: "4294967295 < 1",
      modulo: 32,
      holds: false,
    });
    expect(writeCondition(xenCondition("front-to-back", 1, 0xffff_fffe, 0xffff_ffff))).toMatchObject({
      worked: "2 < 3",
      modulo: 32,
      holds: true,
    });
  });

  it("is virtio's with one more and 16 bits", () => {
    const condition = {
      direction: "back-to-front",
      rule: "event-idx",
      new: 0,
      old: 65_534,
      event: 65_535,
      holds: true,
    } as const;
    expect(writeCondition(condition)).toEqual({
      named: "(used.idx 0 − used_event 65535 − 1) < (0 − old 65534)",
      worked: "0 < 2",
      modulo: 16,
      holds: true,
    });
  });

  it.each([
    ["front-to-back", 0, "(used.flags 0 & 1) = 0", "0 = 0", true],
    ["back-to-front", 1, "(avail.flags 1 & 1) = 0", "1 = 0", false],
  ] as const)(
    "without thresholds is a bit of the other side's flags: %s, %i",
    (direction, event, named, worked, holds) => {
      expect(writeCondition({ direction, rule: "flags", new: 4, old: 3, event, holds })).toMatchObject({
        named,
        worked,
        holds,
      });
    },
  );

  it("holds exactly when the threshold lies among what was pushed", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 256 }), fc.integer({ min: -300, max: 300 }), (old, pushed, ahead) => {
        const xen: NotifyCondition = {
          direction: "front-to-back",
          rule: "xen",
          old,
          new: (old + pushed) >>> 0,
          event: (old + ahead) >>> 0,
          holds: false,
        };
        expect(writeCondition(xen).holds).toBe(ahead > 0 && ahead <= pushed);
        const virtio: NotifyCondition = {
          ...xen,
          rule: "event-idx",
          old: old & 0xffff,
          new: (old + pushed) & 0xffff,
          event: (old + ahead) & 0xffff,
        };
        expect(writeCondition(virtio).holds).toBe(ahead >= 0 && ahead < pushed);
      }),
    );
  });
});

describe("labels on poles", () => {
  const label = fc.record({ x: fc.integer({ min: 0, max: 800 }), width: fc.integer({ min: 20, max: 150 }) });

  /** Where the texts are. */
  const boxes = (labels: readonly Label[], room: number) =>
    placeLabels(labels, room).map(({ row, side }, at) => {
      const { x, width } = labels[at]!;
      return side === "right" ? { x, row, from: x, to: x + width } : { x, row, from: x - width, to: x };
    });

  it("never lie on each other", () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
        const placed = boxes(labels, 800);
        placed.forEach((one, at) => {
          for (const other of placed.slice(at + 1))
            if (one.row === other.row) expect(one.from >= other.to || other.from >= one.to).toBe(true);
        });
      }),
    );
  });

  it("have no pole going through them where there is room to the right", () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
        const placed = boxes(labels, 1000);
        for (const one of placed)
          for (const other of placed)
            if (one.row > other.row) expect(one.x > other.from && one.x < other.to).toBe(false);
      }),
    );
  });

  it("need no more rows than they are", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 6 }), (labels) => {
        expect(Math.max(...placeLabels(labels, 300).map(({ row }) => row))).toBeLessThan(labels.length);
      }),
    );
  });

  it("turn to the left at the right edge", () => {
    expect(placeLabels([{ x: 780, width: 100 }], 800)).toEqual([{ row: 0, side: "left" }]);
    expect(placeLabels([{ x: 30, width: 100 }], 80)).toEqual([{ row: 0, side: "right" }]);
  });
});

describe("a dump", () => {
  it("has offsets, bytes and what of them can be read", () => {
    expect(dumpLines("48 69 00 ff 21", 4)).toEqual([
      { offset: 0, bytes: ["48", "69", "00", "ff"], text: "Hi··" },
      { offset: 4, bytes: ["21"], text: "!" },
    ]);
    expect(dumpLines("", 16)).toEqual([]);
  });
});

describe("what happened", () => {
  it("is told newest first, of one ring and of what belongs to none", () => {
    const { events } = trace("vbd:domU/xvda", 3);
    const [first, second, third] = events;
    const { ring: _, ...ringless } = second!;
    const mixed = { events: [first!, ringless, { ...third!, ring: "vif:domU/0/tx" }], next: 0, dropped: 0 };
    expect(eventsShown(mixed, "vbd:domU/xvda").map(({ number }) => number)).toEqual([4101, 4100]);
    expect(eventsShown(mixed, undefined)).toHaveLength(3);
    expect(eventsShown(trace("r", 300), "r")).toHaveLength(64);
  });
});

describe("a figure", () => {
  it.each([
    [16, "16"],
    [0.0625, "0.06"],
    [9.531, "9.53"],
    [33.54, "33.5"],
    [612.4, "612"],
  ])("%d is written %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

/** Every text of a table with its path; functions are called with their parameters' places as values. */
function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function")
    return [[path, String(value(...Array.from({ length: value.length }, (_, at) => String(1 + at))))]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

describe("the words of these views", () => {
  const [en, zh] = [ioWords("en"), ioWords("zh")];
  /** xenbus.h's own names, and those of the areas of a virtqueue. */
  const SAME = /^\.(handshake\.states?\b|ring\.tracks)/;

  it("are all there in Chinese, and are Chinese", () => {
    const untranslated = texts(zh, "").filter(
      ([path, text]) => !SAME.test(path) && !/\p{Script=Han}/u.test(text) && /[a-z]{3}/i.test(text),
    );
    expect(untranslated).toEqual([]);
    expect(texts(zh, "").map(([path]) => path)).toEqual(texts(en, "").map(([path]) => path));
  });

  it("hold no word that talks down", () => {
    expect(texts(en, "").filter(([, text]) => /\b(simply|just|powerful)\b/i.test(text))).toEqual([]);
  });
});
