import { html, nothing, type TemplateResult } from "lit";
import type { Hex } from "../../probe/hypervisor/memory.ts";
import type { Flag } from "../../probe/hypervisor/paging/entry.ts";

/** Small pieces of text that mean the same in every view of the hypervisor. */

export type AddressKind = "va" | "pa" | "ma";

/**
 * An address in the hue of its kind and with its prefix.
 *
 * @param title where it was read; every number can be asked
 */
export function address(kind: AddressKind, value: Hex, title?: string): TemplateResult {
  return html`<span class=${kind} title=${title ?? nothing}>${kind}:${digits(value)}</span>`;
}

/** The digits of a value without its 0x, as the prefix says what they are. */
export const digits = (value: Hex) => value.slice(2);

/** A frame number in hexadecimal. */
export const frameNumber = (frame: number): Hex => `0x${frame.toString(16)}`;

/** Flags in the order they are drawn in; those of an entry are on. */
const DRAWN: readonly Flag[] = ["P", "W", "U", "A", "D", "PS", "G"];

/** An entry's flags, those that are clear drawn faintly so that columns stay where they are. */
export function flagRow(flags: readonly Flag[]): TemplateResult {
  return html`<span class="flags" role="img" aria-label=${flags.join(" ")}>${DRAWN.map(
    (flag) => html`<i class=${flags.includes(flag) ? "on" : ""} aria-hidden="true">${flag}</i>`,
  )}</span>`;
}

/** `4 KB`, `2 MB`, `4 MB`: powers of two, as page sizes are told. */
export function pageSize(bytes: number): string {
  return bytes >= 0x100000 ? `${bytes / 0x100000} MB` : `${bytes / 1024} KB`;
}

/**
 * An address as a student writes it.
 *
 * @param text hexadecimal, with or without `0x` or `va:`
 * @returns 32 bits, or undefined when it is none
 */
export function parseAddress(text: string): number | undefined {
  const found = /^(?:va:)?(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim().replace(/[\s_]/g, ""));
  return found ? Number.parseInt(found[1]!, 16) : undefined;
}
