import { html, nothing, type TemplateResult } from "lit";
import type { DeviceCost } from "../../../probe/io/types.ts";
import { grouped, timeOfDay } from "../../quantities.ts";
import { plainTable, type TableCell } from "../tables.ts";
import { figure, type IoWords } from "../words/words.ts";
import {
  amountOf,
  divisorOf,
  factorOf,
  type KeptRun,
  type Line,
  type Per,
  QUANTITIES,
  type Quantity,
  reasonsOf,
  scaleOf,
} from "./rows.ts";

/** How costs are drawn: a section for each quantity, in it a bar for each device, or two when runs are compared. */

export interface CostsPicture {
  readonly lines: readonly Line[];
  readonly per: Per;
  /** Names of the runs that are shown, the second when two are compared. */
  readonly runs: readonly [string, string | undefined];
  readonly words: IoWords;
  party(machine: string): TemplateResult;
  colourOf(machine: string): string;
}

type PortCost = NonNullable<DeviceCost["ports"]>[number];

const share = (value: number, scale: number) => `${((100 * value) / (scale || 1)).toFixed(2)}%`;

/** A number large enough to be grouped is whole; a small one keeps what it says. */
export const written = (value: number) => (value >= 1000 ? grouped(Math.round(value)) : figure(value));

export const modelName = (model: string, words: IoWords) => words.costs.models[model] ?? model;

export function sections(picture: CostsPicture): TemplateResult {
  return html`${QUANTITIES.map((quantity) => section(quantity, picture))}`;
}

function section(quantity: Quantity, picture: CostsPicture): TemplateResult {
  const { lines, per, words } = picture;
  const text = words.costs;
  const scale = scaleOf(lines, quantity, per);
  return html`<section><h2>${text.quantities[quantity]} <span class="note">${text.units[per]} · ${text.quantityNotes[quantity]}</span></h2>
    <ul class="bars">${lines.map((line) => bars(line, quantity, scale, picture))}</ul></section>`;
}

function bars(line: Line, quantity: Quantity, scale: number, picture: CostsPicture): TemplateResult {
  const { per, runs, words, party } = picture;
  const { machine, model, name, device, beside } = line;
  const compared = runs[1] !== undefined;
  const factor = compared ? factorOf(line, quantity, per) : undefined;
  return html`<li><span class="who">${party(machine)} <b>${name}</b> <span class="note">${modelName(model, words)}</span></span>
    <span class="pair">${bar(device, quantity, scale, "first", picture, machine)}${compared ? bar(beside, quantity, scale, "second", picture, machine) : nothing}</span>
    <span class="factor">${factor === undefined ? nothing : words.costs.times(factor.toFixed(2))}</span>
    ${quantity === "exits" && device && !compared ? reasons(device, per, words) : nothing}</li>`;
}

function bar(
  device: DeviceCost | undefined,
  quantity: Quantity,
  scale: number,
  which: "first" | "second",
  { per, runs, words, colourOf }: CostsPicture,
  machine: string,
): TemplateResult {
  const amount = amountOf(device, quantity, per);
  const run = which === "first" ? runs[0] : (runs[1] ?? "");
  if (!device) return html`<span class="bar-line"><span class="note">${words.costs.missing(run)}</span></span>`;
  if (amount === undefined) return html`<span class="bar-line"><span class="note">${words.costs.unused}</span></span>`;
  return html`<span class="bar-line" title=${run}>${
    amount > 0
      ? html`<span class="bar-fill ${which}" style="width:${share(amount, scale)};--own:${colourOf(machine)}"></span>`
      : nothing
  }<span class="amount">${written(amount)}</span></span>`;
}

/** The exits by reason in words, whose sum the bar above is, and the work they were for. */
function reasons(device: DeviceCost, per: Per, words: IoWords): TemplateResult | typeof nothing {
  const parts = reasonsOf(device, per);
  if (parts.length === 0) return nothing;
  return html`<span class="reasons"><span class="work">${workOf(device, words)}</span>${parts.map(
    ({ reason, amount }, at) =>
      html`${at > 0 ? " · " : nothing}<span class="reason">${words.costs.reasons[reason] ?? reason} <b>${written(amount)}</b></span>`,
  )}</span>`;
}

/** What a device has done altogether. */
export function workOf({ requests, packets, sectors }: DeviceCost, words: IoWords): string {
  const text = words.costs;
  if (packets) {
    const { sent, received, dropped } = packets;
    const moved = text.packets(grouped(sent), grouped(received));
    return dropped ? `${moved} · ${text.dropped(grouped(dropped))}` : moved;
  }
  if (sectors) return text.sectors(grouped(sectors.read), grouped(sectors.written));
  return text.requests(grouped(requests));
}

/** The accesses of an emulated device by register; nothing for others. */
export function portsPicture({ lines, words, party }: CostsPicture): TemplateResult {
  return html`${lines.map(({ machine, name, model, device }) => {
    const ports = device?.ports ?? [];
    if (!device || ports.length === 0) return nothing;
    const most = Math.max(1, ...ports.map(({ reads, writes }) => reads + writes));
    return html`<details><summary>${party(machine)} ${words.costs.ports(`${name}, ${modelName(model, words)}`)} <span class="note">${workOf(device, words)}</span></summary>
      <div class="ports">${portTable(device, words, most)}</div></details>`;
  })}`;
}

/** @param most accesses that a bar of full length stands for; without it there are no bars */
function portTable(device: DeviceCost, words: IoWords, most?: number) {
  const { port, name, reads, writes, each } = words.costs.portColumns;
  const requests = divisorOf(device, "request");
  const rows = (device.ports ?? []).map((entry): readonly TableCell[] => {
    const all = entry.reads + entry.writes;
    return [
      entry.port,
      entry.name,
      grouped(entry.reads),
      grouped(entry.writes),
      requests === undefined ? nothing : written(all / requests),
      ...(most === undefined ? [] : [accessBar(entry, most)]),
    ];
  });
  return plainTable(
    words.costs.ports(device.name),
    [port, name, reads, writes, each, ...(most === undefined ? [] : [""])],
    rows,
    [2, 3, 4],
  );
}

function accessBar({ reads, writes }: PortCost, most: number): TemplateResult {
  return html`<span class="access"><i class="read" style="width:${share(reads, most)}"></i><i class="write" style="width:${share(writes, most)}"></i></span>`;
}

/** The same as rows, in all for each run; ratios with the unit that is chosen. */
export function costsTable({ lines, per, runs, words }: CostsPicture): TemplateResult {
  const { columns, runColumns, units, reasons: names } = words.costs;
  const shown = runs.filter((run) => run !== undefined);
  const cell = (device: DeviceCost | undefined, quantity: Quantity) => {
    const amount = amountOf(device, quantity, per);
    return amount === undefined ? nothing : written(amount);
  };
  const rows = lines.flatMap(({ machine, model, name, device, beside }) =>
    [device, beside].slice(0, shown.length).map((one, at): readonly TableCell[] => [
      machine,
      `${name}, ${modelName(model, words)}`,
      ...(shown.length > 1 ? [shown[at]!] : []),
      one ? grouped(one.requests) : nothing,
      one ? grouped(Math.round(one.bytes / 1024)) : nothing,
      ...QUANTITIES.map((quantity) => cell(one, quantity)),
      one
        ? reasonsOf(one, per)
            .map(({ reason, amount }) => `${names[reason] ?? reason} ${written(amount)}`)
            .join(", ")
        : nothing,
    ]),
  );
  const heads = [
    columns.machine,
    columns.device,
    ...(shown.length > 1 ? [runColumns.run] : []),
    columns.requests,
    columns.kilobytes,
    ...QUANTITIES.map((quantity) => columns[quantity]),
    columns.reasons,
  ];
  const first = shown.length > 1 ? 3 : 2;
  const numbers = Array.from({ length: 2 + QUANTITIES.length }, (_, at) => first + at);
  return html`${plainTable(`${words.costs.title}, ${units[per]}`, heads, rows, numbers)}
    ${lines.map(({ device }) => (device?.ports?.length ? portTable(device, words) : nothing))}`;
}

export const keptTime = ({ at }: KeptRun) => timeOfDay(new Date(at));
