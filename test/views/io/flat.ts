import { nothing } from "lit";

/** A template as the text it would become: its strings and values in their order, handlers left out. */
export function flat(part: unknown): string {
  if (part === nothing || part === undefined || part === null || typeof part === "function") return "";
  if (Array.isArray(part)) return part.map(flat).join("");
  if (typeof part !== "object") return String(part);
  const { strings, values } = part as { readonly strings?: readonly string[]; readonly values?: readonly unknown[] };
  if (!strings || !values) return "";
  return strings.map((text, at) => text + flat(values[at])).join("");
}
