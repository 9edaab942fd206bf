import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Store } from "../../../src/xen/store/index.ts";
import { Client, check, clientOf } from "./client.ts";
import { act, copyOf, type Model, type Op } from "./model.ts";

const path = fc.oneof(
  fc.constantFrom("/", "/local/domain/1", "/local/domain/2"),
  fc
    .tuple(
      fc.constantFrom("/local/domain/1", "/local/domain/2", "/shared"),
      fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }),
    )
    .map(([start, names]) => [start, ...names].join("/")),
);
const op: fc.Arbitrary<Op> = fc.record({
  domain: fc.constantFrom(0, 1, 1, 2, 2),
  type: fc.constantFrom("READ", "WRITE", "WRITE", "MKDIR", "RM", "DIRECTORY", "GET_PERMS"),
  path,
  value: fc.constantFrom("1", "2", ""),
});
const permit: fc.Arbitrary<Op> = fc.record({
  domain: fc.constantFrom(0, 1, 2),
  type: fc.constant("SET_PERMS"),
  path,
  value: fc.constantFrom("n1\0", "n2\0", "n1\0r2\0", "b2\0n1\0", "r0\0b1\0", "w1\0", "n2\0w1\0r0\0"),
});
type Step = Op | { readonly domain: number; readonly type: "begin" | "commit" | "abort" };
const frame: fc.Arbitrary<Step> = fc.record({
  domain: fc.constantFrom(1, 2),
  type: fc.constantFrom("begin", "begin", "commit", "commit", "abort"),
});
const steps = fc.array(fc.oneof({ arbitrary: op, weight: 6 }, permit, { arbitrary: frame, weight: 2 }), {
  maxLength: 60,
  size: "max",
});

const isOp = (step: Step): step is Op => "path" in step;

/** The store and the model, as they are at the start. */
function both() {
  const store = new Store(() => 0);
  const model: Model = new Map();
  const put = (at: string, permissions: string) => {
    store.mkdir(at);
    store.setPermissions(at, permissions);
    model.set(at, { value: "", permissions: permissions.split(",") });
  };
  put("/", "n0");
  for (const at of ["/tool", "/tool/xenstored", "/local", "/local/domain"]) put(at, "n0");
  put("/local/domain/1", "n1");
  put("/local/domain/2", "n2");
  put("/shared", "b0");
  const clients = [0, 1, 2].map((domain) => clientOf(store, domain));
  return { store, model, clients };
}

function ask(client: Client, { type, path: at, value }: Op, transaction: number): string {
  const payload = type === "WRITE" ? `${at}\0${value}` : type === "SET_PERMS" ? `${at}\0${value}` : `${at}\0`;
  const answer = client.ask(type, payload, transaction);
  return type === "DIRECTORY" ? answer.split("\0").sort().join("\0") : answer;
}

const nodes = (model: Model) =>
  [...model].map(([at, { value, permissions }]) => `${at} = "${value}" (${permissions.join(",")})`).sort();
const stored = (store: Store) =>
  store
    .probe()
    .nodes.map(({ path: at, value, permissions }) => `${at} = "${value}" (${permissions})`)
    .sort();

describe("xenstored", () => {
  it("gives the answers of a plain table, and is that table in the end", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ arbitrary: op, weight: 6 }, permit), { maxLength: 60, size: "max" }), (ops) => {
        const { store, model, clients } = both();
        for (const each of ops) expect(ask(clients[each.domain]!, each, 0)).toBe(act(model, each));
        expect(stored(store)).toEqual(nodes(model));
        expect(check(store)).toBe("OK");
      }),
      { numRuns: 200 },
    );
  });

  /**
   * Inside, a transaction must answer as a copy of the table from its start. Committed, it must have been as if all of
   * it had happened at once at its end: the same requests on the table as it is then get the same answers. Refused, it
   * must have changed nothing, and something must have happened in the meantime.
   */
  it("commits transactions that might as well have happened at once, and no others", () => {
    let committed = 0;
    let refused = 0;
    fc.assert(
      fc.property(steps, (all) => {
        const { store, model, clients } = both();
        const open = new Map<number, { id: number; copy: Model; writes: number; log: (readonly [Op, string])[] }>();
        let writes = 0;
        for (const step of all) {
          const client = clients[step.domain]!;
          const transaction = open.get(step.domain);
          if (isOp(step)) {
            const answer = ask(client, step, transaction?.id ?? 0);
            expect(answer).toBe(act(transaction?.copy ?? model, step));
            transaction?.log.push([step, answer]);
            if (!transaction && answer === "OK") writes += 1;
          } else if (step.type === "begin") {
            if (transaction) continue;
            const id = Number(client.ask("TRANSACTION_START", "\0"));
            open.set(step.domain, { id, copy: copyOf(model), writes, log: [] });
          } else if (transaction) {
            open.delete(step.domain);
            const answer = client.ask("TRANSACTION_END", step.type === "commit" ? "T\0" : "F\0", transaction.id);
            if (step.type === "commit" && answer === "OK") {
              expect(transaction.log.map(([each]) => act(model, each))).toEqual(
                transaction.log.map(([, told]) => told),
              );
              writes += 1;
              committed += transaction.log.length > 1 ? 1 : 0;
            } else if (step.type === "commit") {
              expect(answer).toBe("EAGAIN");
              expect(writes).toBeGreaterThan(transaction.writes);
              refused += 1;
            }
          }
          expect(stored(store)).toEqual(nodes(model));
        }
        expect(check(store)).toBe("OK");
      }),
      { numRuns: 300 },
    );
    expect([committed > 20, refused > 20]).toEqual([true, true]);
  });

  it("goes on after being saved and put back anywhere, as if nothing had been", () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (all, at) => {
        const run = (cut: number) => {
          let { store, clients } = both();
          const ids = [0, 0, 0];
          const answers: string[] = [];
          all.forEach((step, i) => {
            if (i === cut) {
              const state = JSON.parse(JSON.stringify(store.save()));
              store = new Store(() => 0);
              store.restore(state);
              clients = [0, 1, 2].map((domain) => new Client(store.connect(domain)));
              expect(store.save()).toEqual(state);
            }
            const client = clients[step.domain]!;
            const id = ids[step.domain]!;
            if (isOp(step)) answers.push(ask(client, step, id));
            else if (step.type === "begin" && !id) ids[step.domain] = Number(client.ask("TRANSACTION_START", "\0"));
            else if (step.type !== "begin" && id) {
              answers.push(client.ask("TRANSACTION_END", step.type === "commit" ? "T\0" : "F\0", id));
              ids[step.domain] = 0;
            }
          });
          return [answers, stored(store), check(store)];
        };
        expect(run(at)).toEqual(run(-1));
      }),
      { numRuns: 100 },
    );
  });
});
