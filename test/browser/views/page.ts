import "../../../src/views/io/index.ts";
import "../../../src/views/network/index.ts";
import type { Language } from "../../../src/views/language.ts";
import { emulated, virtio, xen } from "../../views/io/costs-data.ts";
import { trace, virtqueue, xenRing } from "../../views/io/rings.ts";
import { xenDomains, xenStore } from "../../views/io/xen.ts";
import { NETWORK_EVENTS, NETWORK_LETTERS, NETWORK_SCENES } from "./network.ts";

/**
 * A page with one of the views and made-up data, for what is looked at before and beside live machines:
 * `?scene=ring&lang=en&theme=light`. What the view asks for is kept in `asked`.
 */

const LETTERS = { dom0: "A", domU: "B", vm: "C", ...NETWORK_LETTERS };
const query = new URLSearchParams(location.search);
const language: Language = query.get("lang") === "zh" ? "zh" : "en";
const scene = query.get("scene") ?? "ring";

/** The view of a scene, as the events that came from it. */
export interface Probed {
  readonly view: HTMLElement;
  readonly asked: { readonly name: string; readonly detail: unknown }[];
}

const EVENTS = ["ring-choose", "ring-pace", "ring-step", "io-reset", "io-keep", "io-forget", ...NETWORK_EVENTS];

const ringView = (state: object, properties: object = {}) =>
  Object.assign(document.createElement("ring-view"), {
    rings: [xenRing(), xenRing({ ring: "vif:domU/0/tx", capacity: 256, device: "network" }), virtqueue()],
    state,
    trace: trace(),
    ...properties,
  });

const domainsView = () =>
  Object.assign(document.createElement("xen-domains"), {
    domains: xenDomains(5),
    previous: xenDomains(),
    store: xenStore(),
    previousStore: xenStore(0, 2),
  });

const costsView = (properties: object = {}) =>
  Object.assign(document.createElement("io-costs"), {
    machines: [
      { name: "dom0", costs: emulated },
      { name: "vm", costs: virtio },
      { name: "domU", costs: xen },
    ],
    ...properties,
  });

/** Each scene's views, side by side. */
const SCENES: Readonly<Record<string, () => readonly HTMLElement[]>> = {
  ring: () => [ringView(xenRing({ back: "host" }), { previous: xenRing({ back: "host", produced: 1206 }) })],
  network: () => [
    ringView(
      xenRing({
        ring: "vif:domU/0/rx",
        device: "network",
        capacity: 256,
        produced: 2303,
        taken: 2051,
        answered: 2050,
        reclaimed: 2047,
      }),
    ),
  ],
  full: () => [ringView(xenRing({ produced: 1231, taken: 1203, answered: 1199, reclaimed: 1199, back: "host" }))],
  virtqueue: () => [ringView(virtqueue(), { previous: virtqueue({ produced: 65_540 }) })],
  pair: () => [ringView(xenRing()), ringView(virtqueue())],
  domains: () => [domainsView()],
  crowd: () => [Object.assign(domainsView(), { store: xenStore(1000) })],
  costs: () => [costsView()],
  compare: () => [
    costsView({
      kept: [
        {
          name: "MTU 576",
          at: 1_700_000_000_000,
          machines: [
            { name: "vm", costs: virtio },
            { name: "domU", costs: xen },
          ],
        },
      ],
    }),
  ],
  unavailable: () => [ringView(xenRing({ pace: { available: false } }))],
  fault: () => [ringView(xenRing({ fault: "req_prod jumped from 1207 to 5303, more than 32 slots ahead" }))],
  ...NETWORK_SCENES,
  empty: () => [Object.assign(document.createElement("ring-view"), { rings: [] })],
};

const stage = document.getElementById("stage")!;
const theme = query.get("theme");
document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
if (theme) document.documentElement.dataset.theme = theme;
const asked: Probed["asked"][number][] = [];
for (const name of EVENTS)
  stage.addEventListener(name, (event) => asked.push({ name, detail: (event as CustomEvent<unknown>).detail }));
const views = (SCENES[scene] ?? SCENES.ring!)();
stage.style.cssText = `display:grid;height:100vh;grid-template:minmax(0,1fr) / repeat(${views.length},minmax(0,1fr));gap:1px;background:var(--line)`;
for (const view of views) stage.append(Object.assign(view, { language, letters: LETTERS }));
Object.assign(window, { probed: { view: views[0], asked } });
