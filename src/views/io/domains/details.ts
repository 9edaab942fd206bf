import { html, nothing, type TemplateResult } from "lit";
import type { EventPort, XenDomain, XenDomains, XenStoreTree } from "../../../probe/io/types.ts";
import { grouped } from "../../quantities.ts";
import { plainTable } from "../tables.ts";
import type { IoWords } from "../words/words.ts";
import type { ChannelRung, GrantRung, Ladder } from "./ladder.ts";
import { domainKey, domainName } from "./rungs.ts";

/** What stands behind a box or a rung: its ports, its pages, as rows. */

/** The domain, channel or grant that a key names, as tables. */
export function details(
  key: string | undefined,
  ladder: Ladder,
  domains: XenDomains,
  words: IoWords,
): TemplateResult | typeof nothing {
  const domain = ladder.columns.find((other) => domainKey(other) === key);
  if (domain) return domainTables(domain, domains, words);
  const channel = ladder.channels.find((rung) => rung.key === key);
  if (channel) return channelTable(channel, words);
  const grant = ladder.grants.find((rung) => rung.key === key);
  if (grant) return grantTable(grant, ladder, domains, words);
  return html`<p class="note">${words.domains.pick}</p>`;
}

const nameOf = (domains: XenDomains, id: number, words: IoWords) => {
  const domain = domains.domains.find((other) => other.id === id);
  return domain ? domainName(domain, words) : words.domains.id(id);
};

function portRow(port: EventPort, domains: XenDomains, words: IoWords) {
  const { states, virq, waitsFor } = words.domains;
  const { remote } = port;
  const other = remote && nameOf(domains, remote.domain, words);
  const end =
    other === undefined
      ? port.virq === undefined
        ? nothing
        : virq(port.virq)
      : remote?.port === undefined
        ? waitsFor(other)
        : `${other} ${remote.port}`;
  return [
    port.port,
    states[port.state],
    end,
    port.pending ? words.yes : words.no,
    port.masked ? words.yes : words.no,
    grouped(port.sends),
    port.use ?? nothing,
  ];
}

const portColumns = ({ domains: { columns } }: IoWords) => [
  columns.port,
  columns.state,
  columns.remote,
  columns.pending,
  columns.masked,
  columns.sends,
  columns.use,
];

function domainTables(domain: XenDomain, domains: XenDomains, words: IoWords): TemplateResult {
  const { columns, portsOf, hypercalls } = words.domains;
  const calls = domains.hypercalls
    .filter((call) => call.domain === domain.id)
    .sort((one, other) => other.count - one.count);
  const ports = domain.ports.map((port) => portRow(port, domains, words));
  return html`${plainTable(portsOf(domainName(domain, words)), portColumns(words), ports, [0, 5])}
    ${plainTable(
      hypercalls,
      [columns.hypercall, columns.count],
      calls.map(({ name, count }) => [name, grouped(count)]),
      [1],
    )}`;
}

function channelTable({ left, right, use }: ChannelRung, words: IoWords) {
  const { columns, channelOf, unnamed } = words.domains;
  const rows = [left, right].map(({ domain, port, sends, pending, masked }) => [
    domainName(domain, words),
    port,
    grouped(sends),
    pending ? words.yes : words.no,
    masked ? words.yes : words.no,
  ]);
  const heads = [columns.domain, columns.port, columns.sends, columns.pending, columns.masked];
  return plainTable(channelOf(use ?? unnamed), heads, rows, [1, 2]);
}

function grantTable({ from, to }: GrantRung, { columns }: Ladder, { grants }: XenDomains, words: IoWords) {
  const text = words.domains;
  const [owner, user] = [columns[from]!, columns[to]!];
  const grant = grants.find((other) => other.from === owner.id && other.to === user.id);
  if (!grant) return nothing;
  const title = text.grantsFrom(domainName(owner, words), domainName(user, words));
  const { entries } = grant;
  const rows = entries.map(({ reference, frame, readOnly, mapped }) => [
    reference,
    html`<span class="pa">${frame}</span>`,
    readOnly ? text.readOnly : text.readWrite,
    mapped,
  ]);
  const heads = [text.columns.reference, text.columns.frame, text.columns.access, text.columns.mapped];
  return html`${plainTable(title, heads, rows, [0, 3])}
    <p class="note">${text.newest(grouped(entries.length), grouped(grant.granted))}</p>`;
}

/** Everything the picture shows, as rows. */
export function domainsTables(
  ladder: Ladder,
  domains: XenDomains,
  store: XenStoreTree | undefined,
  words: IoWords,
): TemplateResult {
  const { columns, title, guest, channels, sharing, unnamed } = words.domains;
  return html`${plainTable(
    title,
    [
      columns.domain,
      columns.id,
      columns.kind,
      columns.running,
      columns.now,
      columns.target,
      columns.most,
      columns.upcalls,
      columns.granted,
      columns.mapped,
      columns.size,
    ],
    ladder.columns.map((domain) => [
      domainName(domain, words),
      domain.id,
      domain.kind === "host" ? words.program : guest,
      domain.running ? words.yes : words.no,
      grouped(domain.memory.now),
      grouped(domain.memory.target),
      grouped(domain.memory.most),
      grouped(domain.upcalls),
      grouped(domain.grantEntries.granted),
      grouped(domain.grantEntries.mapped),
      grouped(domain.grantEntries.size),
    ]),
    [1, 4, 5, 6, 7, 8, 9, 10],
  )}
  ${plainTable(
    channels,
    [columns.use, columns.from, columns.port, columns.sends, columns.to, columns.port, columns.sends],
    ladder.channels.map(({ left, right, use }) => [
      use ?? unnamed,
      domainName(left.domain, words),
      left.port,
      grouped(left.sends),
      domainName(right.domain, words),
      right.port,
      grouped(right.sends),
    ]),
    [2, 3, 5, 6],
  )}
  ${plainTable(
    sharing,
    [columns.from, columns.to, columns.granted, columns.mapped, columns.copies],
    ladder.grants.map(({ from, to, granted, mapped, copies }) => [
      domainName(ladder.columns[from]!, words),
      domainName(ladder.columns[to]!, words),
      grouped(granted),
      grouped(mapped),
      grouped(copies),
    ]),
    [2, 3, 4],
  )}
  ${ladder.columns.map((domain) => domainTables(domain, domains, words))}
  ${store ? storeTables(store, words) : nothing}`;
}

/** Rows of a store's table; of a larger one the newest are listed. */
const MOST_NODES = 500;

function storeTables({ nodes, watches, handshake }: XenStoreTree, words: IoWords): TemplateResult {
  const { columns, title, watchTable } = words.store;
  const newest = [...nodes].sort((one, other) => other.generation - one.generation).slice(0, MOST_NODES);
  const kept = new Set(newest.map(({ path }) => path));
  const listed = nodes.filter(({ path }) => kept.has(path));
  const states = words.handshake.states;
  return html`${plainTable(
    words.handshake.title,
    Object.values(words.handshake.columns),
    handshake.map(({ device, side, state, at }) => [
      device,
      words.ring[side],
      words.handshake.state(state, states[state] ?? ""),
      at.toFixed(1),
    ]),
    [3],
  )}
  ${plainTable(
    title,
    [columns.path, columns.value, columns.permissions, columns.generation],
    listed.map(({ path, value, permissions, generation }) => [path, value, permissions, generation]),
    [3],
  )}
  ${listed.length < nodes.length ? html`<p class="note">${words.domains.newest(grouped(listed.length), grouped(nodes.length))}</p>` : nothing}
  ${plainTable(
    watchTable,
    [columns.domain, columns.path, columns.token, columns.fired],
    watches.map(({ domain, path, token, fired }) => [domain, path, token, grouped(fired)]),
    [0, 3],
  )}`;
}
