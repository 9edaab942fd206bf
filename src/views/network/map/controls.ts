import { html, nothing, type TemplateResult } from "lit";
import type { LinkReport } from "../../../network/reports.ts";
import { icon } from "../../icons.ts";
import { grouped } from "../../quantities.ts";
import type { NetworkPicture } from "../picture.ts";
import type { Thing } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";
import { figure, linkOfPort } from "./labels.ts";

/** What the page is asked for, as events `network-<name>`. */
export type Ask = (name: AskName, detail: object) => void;

export type AskName =
  | "hold"
  | "step"
  | "cable"
  | "cut"
  | "shape"
  | "mirror"
  | "forget"
  | "reset"
  | "save"
  | "replay"
  | "clear";

/** What can be done to a chosen thing: to a link, and to the cable of a card. */
export function controlsFor(thing: Thing, picture: NetworkPicture, words: NetworkWords, ask: Ask) {
  if (thing.kind === "link") return linkControls(thing.link.report, words, ask);
  if (thing.kind === "interface") return cableControls(thing.box.id, picture, words, ask);
  return nothing;
}

/** Hold, let one go, let all go; how many wait. */
export function holdControls({ link, held, waiting }: LinkReport, words: NetworkWords, ask: Ask): TemplateResult {
  const text = words.controls;
  return html`<button aria-pressed=${held ? "true" : "false"} title=${text.holdTitle} @click=${() => ask("hold", { link, on: !held })}
      >${icon(held ? "play" : "pause")}${held ? text.release : text.hold}</button>
    <button title=${text.stepTitle} ?disabled=${!held || waiting === 0} @click=${() => ask("step", { link })}>${text.step}${icon("right")}</button>
    ${held ? html`<span class="waits" role="status">${text.waits(grouped(waiting))}</span>` : nothing}`;
}

function linkControls(report: LinkReport, words: NetworkWords, ask: Ask): TemplateResult {
  const { link, cut, kind } = report;
  const text = words.controls;
  return html`<div class="controls" role="group" aria-label=${text.title(link)}>${holdControls(report, words, ask)}
      <button aria-pressed=${cut ? "true" : "false"} @click=${() => ask("cut", { link, on: !cut })}>${cut ? text.mend : text.cut}</button>
      ${mirrorChoice(report, words, ask)}
      ${kind === "switch" ? html`<button title=${text.forgetTitle} @click=${() => ask("forget", { link })}>${text.forget}</button>` : nothing}
      <button @click=${() => ask("reset", { link })}>${text.reset}</button>
      <button title=${text.saveTitle} @click=${() => ask("save", { link })}>${icon("save")}${text.save}</button>
      ${replayChoice(link, words, ask)}</div>
    ${shapeForm(report, words, ask)}`;
}

function mirrorChoice({ link, mirror, ports }: LinkReport, words: NetworkWords, ask: Ask): TemplateResult {
  const text = words.controls;
  const choose = (event: Event) => ask("mirror", { link, to: (event.target as HTMLSelectElement).value || null });
  return html`<label>${text.mirror}<select @change=${choose}><option value="" .selected=${mirror === null}>${text.nobody}</option>
    ${ports.map(({ name }) => html`<option value=${name} .selected=${name === mirror}>${name}</option>`)}</select></label>`;
}

function replayChoice(link: string, words: NetworkWords, ask: Ask): TemplateResult {
  const text = words.controls;
  const take = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) ask("replay", { link, file });
    // the same file may be asked for again
    input.value = "";
  };
  const open = (event: Event) => (event.currentTarget as HTMLElement).parentElement?.querySelector("input")?.click();
  return html`<span><input type="file" accept=".pcap,.pcapng,.cap" aria-label=${text.replayTitle} tabindex="-1" @change=${take}>
    <button title=${text.replayTitle} @click=${open}>${text.replay}</button></span>`;
}

/** A number as it was typed; null for an empty field, undefined for what is none or below 0. */
export function typed(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text.trim());
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function shapeForm(report: LinkReport, words: NetworkWords, ask: Ask): TemplateResult {
  const { link, latency, jitter, loss, rate } = report;
  const text = words.controls;
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
    const values = ["latency", "jitter", "loss", "rate"].map(
      (name) => [field(name), typed(field(name).value)] as const,
    );
    const wrong = values.find(([, value]) => value === undefined);
    if (wrong) return wrong[0].focus();
    const [late, unsteady, share, speed] = values.map(([, value]) => value as number | null);
    ask("shape", {
      link,
      latency: late,
      jitter: unsteady,
      loss: share === null || share === undefined ? null : Math.min(100, share) / 100,
      rate: speed === null || speed === undefined || speed === 0 ? null : speed * 1000,
    });
  };
  const input = (name: string, label: string, value: string, hint = "") =>
    html`<label>${label}<input type="text" inputmode="decimal" name=${name} .value=${value} placeholder=${hint}></label>`;
  return html`<form class="controls" @submit=${submit}>${input("latency", text.latency, figure(latency))}
    ${input("jitter", text.jitter, figure(jitter))}${input("loss", text.loss, figure(loss * 100))}
    ${input("rate", text.rate, rate === null ? "" : figure(rate / 1000), "∞")}<button type="submit">${text.apply}</button></form>`;
}

/** The cable of a card, where it has one. */
function cableControls(id: string, picture: NetworkPicture, words: NetworkWords, ask: Ask) {
  const text = words.controls;
  return html`${picture.edges.map(({ kind, ends }) => {
    if (kind !== "cable" || ends[0] !== id) return nothing;
    const report = linkOfPort(picture, ends[1]);
    const port = report?.ports.find(({ name }) => ends[1] === `port:${report.link}:${name}`);
    if (!report || !port) return nothing;
    const { machine, nic, carrier } = port;
    return html`<div class="controls"><button ?disabled=${report.cut} @click=${() => ask("cable", { machine, nic, plugged: !carrier })}>${carrier ? text.unplug : text.plug}</button></div>`;
  })}`;
}
