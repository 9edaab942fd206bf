import { fetchSource, type Lab, LabFaults, type LabSource, LoadError, loadLab } from "../lab/index.ts";
import { SpecError, specFromAddress } from "../machine/spec.ts";
import type { Strings } from "../views/language.ts";
import type { Problem } from "../views/problem.ts";
import type { Route } from "./address.ts";
import { bareLab, noFiles } from "./bare.ts";
import type { Storage } from "./storage.ts";

export interface OpenedLab {
  readonly lab: Lab;
  readonly source: LabSource;
}

/**
 * Fetches and checks what an address names.
 *
 * @param site address of the site, which ends in `/`
 * @throws whatever {@link explain} can put in words
 */
export async function openRoute(
  route: Exclude<Route, { page: "catalogue" }>,
  storage: Storage,
  site: string,
): Promise<OpenedLab> {
  if (route.page === "machine") return { lab: bareLab(specFromAddress(route.machine)), source: noFiles };
  const source = fetchSource(route.lab, site);
  const seed = route.seed ?? (await ownSeed(storage, route.lab));
  return { lab: await loadLab(source, seed), source };
}

/** The student's own number for a lab: chosen once, kept, so that the plain address opens the same instance again. */
async function ownSeed(storage: Storage, lab: string): Promise<number> {
  const key = `seed:${lab}`;
  const kept = Number(await storage.get(key).catch(() => undefined));
  if (Number.isInteger(kept) && kept > 0) return kept;
  const seed = 1 + Math.floor(Math.random() * 999_998);
  await storage.set(key, String(seed)).catch(() => undefined);
  return seed;
}

/** Why a lab could not be opened, for the student; the details are for whoever can mend it. */
export function explain(error: unknown, text: Strings["problem"]): Problem {
  if (error instanceof LabFaults) {
    return { what: text.brokenLab, next: text.brokenLabNext, faults: error.faults };
  }
  if (error instanceof LoadError) {
    const nothingThere = error.code === "missing" || error.code === "address";
    const what = nothingThere ? text.unknownLab(error.address) : text.unreachable(error.address);
    return { what, next: nothingThere ? text.unknownLabNext : text.unreachableNext, details: error.message };
  }
  if (error instanceof SpecError) return { what: text.badMachine, next: text.unknownLabNext, details: error.message };
  const details = error instanceof Error ? error.message : String(error);
  return { what: text.unexpected, next: text.unexpectedNext, details };
}
