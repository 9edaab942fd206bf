import { html, type TemplateResult } from "lit";
import type { Argument } from "../../probe/hypervisor/exits.ts";
import { flagsOf } from "../../probe/hypervisor/paging/entry.ts";
import { address, digits, frameNumber } from "./parts.ts";
import { type HypervisorWords, meaningOf } from "./words/words.ts";

const SEGMENT_REGISTERS = ["es", "cs", "ss", "ds", "fs", "gs"];

/** An argument's value as plain text: addresses with their prefix, entries with their flags, enums in words. */
export function argumentText(argument: Argument, words: HypervisorWords): string {
  const number = Number(argument.value);
  switch (argument.kind) {
    case "gva":
      return `va:${digits(argument.value)}`;
    case "gpa":
      return `pa:${digits(argument.value)}`;
    case "ma":
      return `ma:${digits(argument.value)}`;
    case "gfn":
      return `gfn ${frameNumber(number)}`;
    case "mfn":
      return `mfn ${frameNumber(number)}`;
    case "entry":
      return [digits(argument.value), ...flagsOf(number)].join(" ");
    case "hex":
      return `0x${number.toString(16)}`;
    case "count":
      return String(number);
    case "control-register":
      return `CR${number}`;
    case "segment-register":
      return `%${SEGMENT_REGISTERS[number] ?? number}`;
    case "domain":
      return words.domain(number);
    default:
      return meaningOf(words, argument);
  }
}

/** An argument with its name, in the hue of its kind. */
export function argumentPart(argument: Argument, words: HypervisorWords): TemplateResult {
  const { kind, value } = argument;
  const shown =
    kind === "gva"
      ? address("va", value)
      : kind === "gpa"
        ? address("pa", value)
        : kind === "ma"
          ? address("ma", value)
          : html`<span class="value">${argumentText(argument, words)}</span>`;
  return html`<span class="argument"><small>${words.arguments[argument.name]}</small> ${shown}</span> `;
}
