import { html, nothing, type TemplateResult } from "lit";
import type { EventPort, XenDomain } from "../../../probe/io/types.ts";
import { grouped } from "../../quantities.ts";
import { sign } from "../glyphs.ts";
import type { IoWords } from "../words/words.ts";
import { type ChannelRung, type End, type GrantRung, type Ladder, megabytes } from "./ladder.ts";

/** How the ladder of domains is drawn: boxes at the top, ports on the rails, channels and grants between them. */

export interface LadderPicture {
  readonly ladder: Ladder;
  readonly words: IoWords;
  /** Key of what is chosen. */
  readonly chosen: string | undefined;
  readonly fresh: ReadonlySet<string>;
  readonly beat: 0 | 1;
  letterOf(domain: XenDomain): string | undefined;
  colourOf(domain: XenDomain): string;
  choose(key: string): void;
}

export const domainKey = ({ id }: XenDomain) => `domain ${id}`;

/** A domain's name, and for what is no guest the words for this program. */
export const domainName = ({ kind, name }: XenDomain, words: IoWords) => (kind === "host" ? words.program : name);

export function ladderPicture(picture: LadderPicture): TemplateResult {
  const { ladder, words } = picture;
  const text = words.domains;
  const { columns, channels, grants, own } = ladder;
  return html`<div class="ladder" style="--columns:${columns.length}">
    ${columns.map(
      (domain, at) =>
        html`<span class="rail ${domain.kind}" style="left:${(100 * (at + 0.5)) / columns.length}%;--own:${picture.colourOf(domain)}"></span>`,
    )}
    <div class="rungs heads">${columns.map((domain) => head(domain, picture))}</div>
    <h2><span>${text.channels}</span></h2>
    ${channels.length > 0 ? html`<ul class="rungs">${channels.map((rung) => channel(rung, picture))}</ul>` : html`<p class="note"><span>${text.noChannels}</span></p>`}
    <h2><span>${text.sharing}</span></h2>
    ${grants.length > 0 ? html`<ul class="rungs">${grants.map((rung) => grant(rung, picture))}</ul>` : html`<p class="note"><span>${text.noSharing}</span></p>`}
    ${
      own.some((ports) => ports.length > 0)
        ? html`<h2 title=${text.ownPortsTitle}><span>${text.ownPorts}</span></h2>
          <div class="rungs">${own.map((ports) => html`<ul class="own">${ports.map((port) => ownPort(port, picture))}</ul>`)}</div>`
        : nothing
    }</div>`;
}

function head(domain: XenDomain, picture: LadderPicture): TemplateResult {
  const { words, chosen, choose } = picture;
  const text = words.domains;
  const { id, kind, running, memory, upcalls, grantEntries } = domain;
  const letter = picture.letterOf(domain);
  const key = domainKey(domain);
  const guest = html`<span class="meter" aria-hidden="true"><i style="width:${(100 * memory.now) / Math.max(1, memory.most)}%"></i></span>
    <small>${text.memory(megabytes(memory.now), megabytes(memory.most))}${memory.target === memory.now ? nothing : html` · ${text.target(megabytes(memory.target))}`}</small>
    <small>${text.upcalls(grouped(upcalls))}</small>
    <small>${text.grants(grouped(grantEntries.granted), grouped(grantEntries.mapped))}</small>`;
  return html`<button class="domain ${kind}" style="--own:${picture.colourOf(domain)}" aria-pressed=${chosen === key ? "true" : "false"} @click=${() => choose(key)}>
    <span class="title">${letter === undefined ? nothing : html`<span class="letter">${letter}</span>`}<b>${domainName(domain, words)}</b> <small>${text.id(id)}</small></span>
    ${running ? nothing : html`<small class="stopped-word">${text.stopped}</small>`}
    ${kind === "host" ? html`<small>${text.host}</small>` : guest}</button>`;
}

/** From the first rail to the second: a rung ends in the middle of its columns. */
const reach = (left: number, right: number) => `grid-column:${left + 1} / ${right + 2};--span:${right - left + 1}`;

function channel(rung: ChannelRung, picture: LadderPicture): TemplateResult {
  const { words, chosen, fresh, beat, choose } = picture;
  const { key, left, right, use } = rung;
  const label = use ?? words.domains.unnamed;
  return html`<li style=${reach(left.column, right.column)}>
    <button class="rung" aria-pressed=${chosen === key ? "true" : "false"} @click=${() => choose(key)}>
      ${chip(left, picture)}<span class="line">
        <span class="sent">${grouped(left.sends)} <span aria-hidden="true">▸</span></span><span class="use ${fresh.has(key) ? `fresh-${beat}` : ""}">${label}</span><span class="sent"><span aria-hidden="true">◂</span> ${grouped(right.sends)}</span></span>${chip(right, picture)}</button></li>`;
}

/** A port on its rail; whose it is stands there for who does not see the rail. */
function chip({ domain, port, pending, masked }: End, { words, colourOf }: LadderPicture): TemplateResult {
  const { portOf } = words.domains;
  return html`<span class="port ${pending ? "pending" : ""} ${masked ? "masked" : ""}" style="--own:${colourOf(domain)}"><span class="unseen">${portOf(domainName(domain, words))}</span>${port}${portState(pending, masked, words)}</span>`;
}

function portState(pending: boolean, masked: boolean, words: IoWords): TemplateResult | typeof nothing {
  if (!pending && !masked) return nothing;
  const text = words.domains;
  const states = [...(pending ? [text.pending] : []), ...(masked ? [text.masked] : [])].join(", ");
  return html`<span class="unseen" title=${states}>${states}</span>${pending ? sign("notify") : nothing}`;
}

function grant(rung: GrantRung, picture: LadderPicture): TemplateResult {
  const { ladder, words, chosen, fresh, beat, colourOf, choose } = picture;
  const { key, from, to, granted, mapped, copies } = rung;
  const text = words.domains;
  const rightwards = from < to;
  const owner = ladder.columns[from]!;
  const label = text.grantsFrom(domainName(owner, words), domainName(ladder.columns[to]!, words));
  return html`<li style=${reach(Math.min(from, to), Math.max(from, to))}>
    <button class="rung grant ${rightwards ? "right" : "left"}" style="--own:${colourOf(owner)}" aria-pressed=${chosen === key ? "true" : "false"} @click=${() => choose(key)}>
      <span class="line"><span class="use ${fresh.has(key) ? `fresh-${beat}` : ""}"><span class="unseen">${label}</span>${sign("grant-map")}${text.granted(grouped(granted))} · ${text.mapped(grouped(mapped))} · ${text.copies(grouped(copies))}</span></span></button></li>`;
}

function ownPort(port: EventPort, { words }: LadderPicture): TemplateResult {
  const text = words.domains;
  const what =
    port.state === "virq" && port.virq !== undefined ? text.virq(port.virq) : (port.use ?? text.states[port.state]);
  return html`<li><span class="port ${port.pending ? "pending" : ""} ${port.masked ? "masked" : ""}">${port.port}${portState(port.pending, port.masked, words)}</span> ${what}</li>`;
}
