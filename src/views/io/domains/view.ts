import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { XenDomain, XenDomains, XenStoreTree } from "../../../probe/io/types.ts";
import { IoPanel } from "../panel.ts";
import type { IoWords } from "../words/words.ts";
import { details, domainsTables } from "./details.ts";
import { handshakePicture, newChanges } from "./handshake.ts";
import { changedRungs, type Ladder, ladderOf } from "./ladder.ts";
import { ladderPicture } from "./rungs.ts";
import "./store.ts";
import { domainsStyles } from "./styles.ts";

/** From this width on the store stands beside the domains. */
const WIDE = 820;

const PARTS = ["all", "domains", "store", "handshake"] as const;
type Part = (typeof PARTS)[number];

/** The domains of a host: what joins them, what they write into xenstore, and how their devices come together. */
export class XenDomainsView extends IoPanel {
  static override properties: PropertyDeclarations = {
    domains: { attribute: false },
    previous: { attribute: false },
    store: { attribute: false },
    previousStore: { attribute: false },
    chosen: { state: true },
    section: { state: true },
  };

  /** What `xen.domains` read last, and before that. */
  declare domains: XenDomains | undefined;
  declare previous: XenDomains | undefined;
  /** What `xen.store` read last, and before that. */
  declare store: XenStoreTree | undefined;
  declare previousStore: XenStoreTree | undefined;
  /** Key of the domain, channel or grant that is looked at. */
  declare private chosen: string | undefined;

  /** A panel may have room for one part only. */
  declare private section: Part;

  private ladder: Ladder = { columns: [], channels: [], grants: [], own: [] };
  private fresh: ReadonlySet<string> = new Set();
  private beat: 0 | 1 = 0;

  static override styles = [...IoPanel.styles, ...domainsStyles];

  constructor() {
    super();
    this.section = "all";
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("domains") && this.domains) {
      this.ladder = ladderOf(this.domains);
      this.fresh = changedRungs(this.previous, this.ladder);
    }
    if (changed.has("domains") || changed.has("store")) this.beat = this.beat ? 0 : 1;
  }

  protected override data() {
    return this.domains && { domains: this.domains, store: this.store };
  }

  protected override empty(words: IoWords): string {
    return this.phase === "starting" ? words.starting : words.domains.none;
  }

  protected override controls(words: IoWords): TemplateResult | typeof nothing {
    const { parts, part: label } = words.domains;
    if (!this.domains) return nothing;
    return html`<span class="parts" role="group" aria-label=${label}>${PARTS.map(
      (part) =>
        html`<button aria-pressed=${this.section === part ? "true" : "false"} @click=${() => {
          this.section = part;
        }}>${parts[part]}</button>`,
    )}</span>`;
  }

  protected override picture(words: IoWords): TemplateResult {
    const shows = (part: Part) => this.section === "all" || this.section === part;
    const wide = this.section === "all" && this.width >= WIDE;
    return html`<div class="body ${wide ? "" : "narrow"} ${this.section}">
      ${shows("domains") ? this.joined(words) : nothing}
      ${shows("store") ? html`<xen-store .language=${this.language} .store=${this.store} .previous=${this.previousStore}></xen-store>` : nothing}
      ${shows("handshake") ? this.handshake(words) : nothing}</div>`;
  }

  private joined(words: IoWords): TemplateResult {
    const ladder = ladderPicture({
      ladder: this.ladder,
      words,
      chosen: this.chosen,
      fresh: this.fresh,
      beat: this.beat,
      letterOf: (domain) => (domain.kind === "host" ? undefined : this.letters[domain.name]),
      colourOf: (domain) => this.colourOfDomain(domain),
      choose: (key) => {
        this.chosen = this.chosen === key ? undefined : key;
      },
    });
    return html`<div class="joined">${ladder}<div class="detail-table" role="region" tabindex="0" aria-label=${words.domains.title}>${details(this.chosen, this.ladder, this.domains!, words)}</div></div>`;
  }

  private handshake(words: IoWords): TemplateResult {
    const { store } = this;
    return html`<div class="across"><h2>${words.handshake.title}</h2>${
      store
        ? handshakePicture(store, newChanges(this.previousStore, store), this.beat, words)
        : html`<p class="note">${words.store.none}</p>`
    }</div>`;
  }

  private colourOfDomain({ kind, name }: XenDomain): string {
    return kind === "host" ? "var(--text-2)" : this.colourOf(name);
  }

  protected override table(words: IoWords): TemplateResult {
    const tables = domainsTables(this.ladder, this.domains!, this.store, words);
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.domains.title)}>${tables}</div>`;
  }
}

customElements.define("xen-domains", XenDomainsView);
