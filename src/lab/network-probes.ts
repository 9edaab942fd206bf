import type { FabricApi } from "../network/api.ts";
import type { FdbReport, LinkReport, NatReport, NetworkCounters } from "../network/reports.ts";
import { ProbeError } from "./probes.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** The links of one place of a lab: those inside one host, or those between hosts. */
export interface PlacedFabric {
  readonly place: string;
  readonly fabric: FabricApi;
}

/**
 * Reads a probe of all places as if they were one. A host that starts or is gone keeps nobody from seeing other links;
 * where nobody answers, the first refusal is the answer.
 */
export async function readEverywhere(
  name: string,
  args: Arguments,
  fabrics: readonly PlacedFabric[],
): Promise<unknown> {
  const read = async <Report>() => {
    const asked = fabrics.map(async ({ place, fabric }) => ({
      place,
      report: (await fabric.probe(name, args)) as Report,
    }));
    const answers = (await Promise.allSettled(asked)).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (answers.length === 0) await asked[0];
    return answers;
  };
  if (name === "network.counters") return read<NetworkCounters>().then(allCounters);
  if (name === "network.fdb") return read<FdbReport>().then((all) => allEntries(all.map(({ report }) => report)));
  if (name === "network.nat") return read<NatReport>().then((all) => allEntries(all.map(({ report }) => report)));
  const [only, ...others] = fabrics;
  if (only && others.length === 0) return only.fabric.probe(name, args);
  const places = fabrics.map(({ place }) => place).join(", ");
  throw new ProbeError(
    `\`${name}\` needs a \`link\`: the lab's links are in ${places}, and each counts its own frames.`,
  );
}

function allCounters(all: readonly { readonly place: string; readonly report: NetworkCounters }[]): NetworkCounters {
  return Object.fromEntries(
    all.flatMap(({ place, report }) =>
      Object.entries(report).map(([link, counters]): [string, LinkReport] => [link, { ...counters, place }]),
    ),
  );
}

/** Tables of several fabrics, with room for as many entries as they have together. */
function allEntries<Report extends FdbReport | NatReport>(reports: readonly Report[]) {
  return {
    entries: reports.flatMap(({ entries }): readonly unknown[] => entries),
    limit: reports.reduce((sum, { limit }) => sum + limit, 0),
    evicted: reports.reduce((sum, { evicted }) => sum + evicted, 0),
  };
}
