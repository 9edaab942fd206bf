import type { CatalogueEntry, CatalogueProgress } from "../views/catalogue.ts";
import type { Storage } from "./storage.ts";

/**
 * Fetches the list of labs that belong to this site.
 *
 * @throws Error naming the address when it cannot be had
 */
export async function fetchLabList(site: string): Promise<readonly CatalogueEntry[]> {
  const address = new URL("labs/index.json", site).href;
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return (await response.json()) as CatalogueEntry[];
}

const KEY = "visits";

/** How far the student is in every lab, for the catalogue. Damaged records count as none. */
export async function readVisits(storage: Storage): Promise<Readonly<Record<string, CatalogueProgress>>> {
  try {
    const value: unknown = JSON.parse((await storage.get(KEY)) ?? "{}");
    return value as Record<string, CatalogueProgress>;
  } catch {
    return {};
  }
}

/** Notes how far the student is in one lab. */
export async function keepVisit(storage: Storage, lab: string, progress: CatalogueProgress): Promise<void> {
  const visits = { ...(await readVisits(storage)), [lab]: progress };
  await storage.set(KEY, JSON.stringify(visits)).catch(() => undefined);
}
