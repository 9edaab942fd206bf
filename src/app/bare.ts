import type { Lab, LabSource } from "../lab/index.ts";
import { type MachineSpec, specToAddress } from "../machine/spec.ts";

/** A lab without steps: one machine and its terminal. */
export function bareLab(spec: MachineSpec): Lab {
  return {
    id: "machine",
    address: specToAddress(spec),
    foreign: false,
    seed: 0,
    version: 1,
    title: { en: spec.name, zh: spec.name },
    summary: undefined,
    minutes: 0,
    machines: [{ spec, host: spec.name, files: [] }],
    links: [],
    layout: [{ kind: "terminal", machine: spec.name }],
    places: [[{ kind: "terminal", machine: spec.name }]],
    tasks: {},
    steps: [],
    prose: { en: {}, zh: {} },
  };
}

/** A bare machine has no files. */
export const noFiles: LabSource = {
  address: "",
  foreign: false,
  read: (path) => Promise.reject(new Error(`A bare machine has no file ${path}.`)),
};
