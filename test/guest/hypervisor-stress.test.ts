import { afterAll, describe, expect, it } from "vitest";
import { DESIGNS } from "../../src/cli/bench/hypervisor.ts";
import { runSession, type Session, type SessionReport } from "../../src/cli/bench/stress.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";

/** The same for hours: `npm run ringside -- bench stress --minutes n`. */

const host = createNodeHost();
afterAll(async () => (await host).close());

const [native, ...others] = DESIGNS;
/** Every exit costs milliseconds then, so one design of each kind must do. */
const interpreted = others.filter(({ name }) => ["shadow", "virtual TLB", "PV"].includes(name));
const CLEAN = { mismatches: 0, recomposedMismatches: 0, wrong: [] };

const runs = [
  ...others.map((design) => ({ design, compiled: true, seed: 3, work: { stress: 200, soak: 1, fuzz: 40 } })),
  ...interpreted.map((design) => ({ design, compiled: false, seed: 4, work: { stress: 60, soak: 0, fuzz: 10 } })),
];

/** What the guest prints natively, by seed. */
const expected = new Map<number, Promise<SessionReport>>();

async function natively(session: Session): Promise<SessionReport> {
  const known = expected.get(session.seed) ?? runSession(await host, { ...session, design: native! });
  expected.set(session.seed, known);
  return known;
}

describe("random work, checked after every exit", () => {
  it.each(runs)("$design.name, compiled: $compiled", async (session) => {
    const { printed } = await natively(session);
    const report = await runSession(await host, session);
    expect(report).toMatchObject({ ...CLEAN, printed });
    expect(report.verified).toBeGreaterThan(report.exits);
    expect(report.recomposed).toBeGreaterThan(0);
  });
});
