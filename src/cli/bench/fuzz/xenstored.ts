/** What a domain can do to xenstored: requests by the ring, in pieces, in floods, in nonsense. */
import { message, STORE_PAGE, XS } from "../../../xen/abi/xs-wire.ts";
import { type Attacks, type Scene, small } from "./attack.ts";

const TYPES = [
  ...Object.values(XS),
  XS.WRITE,
  XS.WRITE,
  XS.MKDIR,
  XS.RM,
  XS.WATCH,
  XS.TRANSACTION_START,
  20,
  23,
  0xffff,
];

function path({ random, self, partner, victim }: Scene): string {
  const name = () =>
    random.pick(["a", "b", "c", "state", String(random.below(2000)), "x".repeat(random.below(300)), "", "@", "/"]);
  const start = random.pick([
    "data",
    "data",
    "data",
    "data",
    "device",
    "error",
    "",
    "/",
    self.home,
    `${partner.home}/data`,
    `/local/domain/${victim}`,
    `/local/domain/${victim}/data`,
    "/local/domain/0/backend/vbd",
    "@releaseDomain",
  ]);
  return [start, ...Array.from({ length: random.pick([0, 1, 1, 2, 3, 40]) }, name)].join("/");
}

function payload(scene: Scene): string {
  const { random, self, partner, victim } = scene;
  const domains = [self.id, partner.id, victim, 0, random.below(70000)];
  const entry = () => `${random.pick(["n", "r", "w", "b", "x"])}${random.pick(domains)}\0`;
  return random.pick([
    () => `${path(scene)}\0`,
    () => `${path(scene)}\0${"v".repeat(random.pick([0, 1, 40, 2000, 2015, 3000]))}`,
    () => `${path(scene)}\0${random.below(4)}\0`,
    () => `${path(scene)}\0${entry()}${random.chance(2) ? entry() : ""}`,
    () => random.pick(["T\0", "F\0", "\0", "", `${random.pick(domains)}\0`]),
    () => String.fromCharCode(...random.bytes(random.below(100))),
  ])();
}

const transaction = (scene: Scene) => scene.random.pick([0, 0, 0, 0, small(scene, 12)]);

/** One request, whole or in pieces. Read is what has to be, so that the ring takes it. */
function request(scene: Scene): void {
  const { random, self } = scene;
  const bytes = message(random.pick(TYPES), random.word(), transaction(scene), payload(scene).slice(0, 4096));
  const pieces = random.chance(6);
  let rest = bytes;
  for (let tries = 0; rest.length > 0 && tries < 600; tries++) {
    const taken = self.kernel.tellStore(pieces ? rest.subarray(0, 9) : rest);
    rest = rest.subarray(taken);
    if (taken === 0 && self.kernel.hearStore().length === 0) break;
  }
}

/** A transaction by the book, over paths that others use too; some are left open. */
function wholeTransaction(scene: Scene): void {
  const { random, self, partner } = scene;
  const { kernel } = self;
  const id = Number(kernel.store("TRANSACTION_START", "\0"));
  if (!(id > 0)) return;
  const node = () =>
    `${random.pick(["data", "data", `${partner.home}/data`])}/${random.pick(["a", "b", "a/b", "c/d"])}`;
  for (let count = random.below(6); count > 0; count--) {
    const type = random.pick(["READ", "WRITE", "WRITE", "MKDIR", "RM", "DIRECTORY"] as const);
    kernel.store(type, `${node()}\0${type === "WRITE" ? random.below(9) : ""}`, id);
  }
  if (random.chance(3)) kernel.store("WRITE", `${node()}\0meanwhile`);
  if (!random.chance(10)) kernel.store("TRANSACTION_END", random.chance(4) ? "F\0" : "T\0", id);
}

/** Lets the partner in, and ends what is left open. */
function tidy({ random, self, partner }: Scene): void {
  self.kernel.store("SET_PERMS", `data\0n${self.id}\0b${partner.id}\0`);
  if (random.chance(2)) self.kernel.store("RESET_WATCHES", "\0");
}

/** Many requests, answers unread. */
function flood(scene: Scene): void {
  const { random, self } = scene;
  const type = random.pick([XS.WRITE, XS.MKDIR, XS.WATCH, XS.TRANSACTION_START, XS.READ, XS.RM]);
  for (let count = random.below(60); count > 0; count--) {
    const bytes = message(type, count, transaction(scene), `data/${random.below(2000)}\0${random.below(9)}\0`);
    if (self.kernel.storeRoom < bytes.length) break;
    self.kernel.tellStore(bytes);
  }
}

/** A header that announces more than there may be, or bytes that are none. */
function nonsense({ random, self }: Scene): void {
  const bytes = random.bytes(random.pick([4, 16, 40]));
  self.kernel.tellStore(bytes);
}

function indices({ random, self }: Scene): void {
  const { view, storePage } = self.kernel;
  const at = random.pick([
    STORE_PAGE.requestsConsumed,
    STORE_PAGE.requestsProduced,
    STORE_PAGE.responsesConsumed,
    STORE_PAGE.responsesProduced,
    STORE_PAGE.connection,
    STORE_PAGE.error,
  ]);
  view.setUint32(storePage + at, random.chance(2) ? random.below(3000) : random.word(), true);
  self.kernel.send(self.kernel.storePort);
}

function read({ self }: Scene): void {
  for (let tries = 0; tries < 20 && self.kernel.hearStore().length > 0; tries++);
}

export const STORE_ATTACKS: Attacks = {
  "a xenstore request": [20, request],
  "a xenstore transaction": [4, wholeTransaction],
  "xenstore tidied": [1, tidy],
  "a xenstore flood": [1, flood],
  "xenstore read": [4, read],
};

/** After these nothing is served any more: each is rare. */
export const LAST_STORE_ATTACKS: Attacks = {
  "xenstore nonsense": [1, nonsense],
  "xenstore indices": [1, indices],
};
