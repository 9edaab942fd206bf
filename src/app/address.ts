import type { Theme } from "../views/header.ts";
import { isLanguage, type Language } from "../views/language.ts";

/** What the page shows. */
export type Route =
  | { readonly page: "catalogue" }
  | {
      readonly page: "lab";
      /** A lab's id, or the address of its `lab.yaml`. */
      readonly lab: string;
      readonly step: string | undefined;
      /** The number the student's own instance is made from. */
      readonly seed: number | undefined;
    }
  | { readonly page: "machine" /** As `specToAddress` writes it. */; readonly machine: string };

/** Everything an address can say (contract 2). */
export interface Address {
  readonly route: Route;
  /** Only where the address names them; else the reader's own choice holds. */
  readonly language: Language | undefined;
  readonly theme: Theme | undefined;
  /** Without the shell's own bar, for a frame in a course page. */
  readonly embed: boolean;
}

const SEED = /^[0-9]{1,10}$/;
const LARGEST_SEED = 2 ** 32 - 1;

/** Reads the query of an address. Parameters that make no sense count as absent. */
export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const language = query.get("lang");
  const theme = query.get("theme");
  return {
    route: readRoute(query),
    language: isLanguage(language) ? language : undefined,
    theme: theme === "light" || theme === "dark" || theme === "auto" ? theme : undefined,
    embed: query.has("embed"),
  };
}

function readRoute(query: URLSearchParams): Route {
  const lab = query.get("lab");
  if (lab) return { page: "lab", lab, step: query.get("step") || undefined, seed: readSeed(query.get("seed")) };
  const machine = query.get("machine");
  if (machine) return { page: "machine", machine };
  return { page: "catalogue" };
}

function readSeed(text: string | null): number | undefined {
  if (text === null || !SEED.test(text)) return undefined;
  const seed = Number(text);
  return seed <= LARGEST_SEED ? seed : undefined;
}

/** Writes what {@link readAddress} reads: `?…`, or the empty text for the plain catalogue. */
export function writeAddress(address: Address): string {
  const query = new URLSearchParams();
  const { route } = address;
  if (route.page === "lab") {
    query.set("lab", route.lab);
    if (route.step) query.set("step", route.step);
    if (route.seed !== undefined) query.set("seed", String(route.seed));
  }
  if (route.page === "machine") query.set("machine", route.machine);
  if (address.language) query.set("lang", address.language);
  if (address.theme) query.set("theme", address.theme);
  const pairs = [...query].map(([key, value]) => `${key}=${readable(value)}`);
  if (address.embed) pairs.push("embed");
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

/** Escapes a value as a query needs it, but leaves `~ : / @` readable: they are allowed there. */
function readable(value: string): string {
  return encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%40", "@");
}
