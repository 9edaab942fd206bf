import type { LabSource } from "../../src/lab/index.ts";
import { type Lab, LabFaults, type LabTexts, readLab } from "../../src/lab/index.ts";

const ORIGIN = { address: "labs/files/", foreign: false };

/** A small lab about files, its tasks as given; prose is made to fit. */
export function labTexts(
  tasks: string,
  { head = "", steps = ["one"] }: { head?: string; steps?: string[] } = {},
): LabTexts {
  const names = [...tasks.matchAll(/^ {2}([a-z-]+):/gm)].map((match) => match[1]!);
  const perStep = steps.map((step, index) => {
    const mine = steps.length === 1 ? names : names.filter((_, position) => position % steps.length === index);
    return `  - { id: ${step}, tasks: [${mine.join(", ")}] }`;
  });
  const machines = /^machines:/m.test(head) ? "" : "machines:\n  box: { image: linux }\n";
  const yaml = `version: 1
id: files
title: { en: Files, zh: 文件 }
minutes: 5
${machines}${head}
tasks:
${tasks}
steps:
${perStep.join("\n")}
`;
  const prose = ["# Files", ...["intro", ...steps, "finish"].map((id) => `## ${id}\n### About ${id}\nText.`)].join(
    "\n",
  );
  return { yaml, prose: { en: prose, zh: prose } };
}

/** @throws LabFaults when the fixture itself is wrong */
export function labOf(texts: LabTexts, seed = 0): Lab {
  const { lab, faults } = readLab(texts, seed, ORIGIN);
  if (!lab) throw new LabFaults("the fixture", faults);
  return lab;
}

export const faultsOf = (texts: LabTexts) => readLab(texts, 0, ORIGIN).faults;

/** A source that has only the files named. */
export function filesSource(files: Readonly<Record<string, string>>): LabSource {
  return {
    ...ORIGIN,
    read: async (path) => {
      if (!Object.hasOwn(files, path)) throw new Error(`There is no file ${path}.`);
      return new TextEncoder().encode(files[path]);
    },
  };
}
