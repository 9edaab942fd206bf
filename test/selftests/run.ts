import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { type Host, machineSpec } from "../../src/machine/index.ts";
import { SELFTESTS, type Selftest } from "./tests.ts";

/** Runs selftests of the kernel's own tree in a guest and prints a table; the README beside it says how. */

const USAGE = "npx tsx test/selftests/run.ts --work FOLDER [--only PATTERN] [--image linux] [--limit SECONDS]";

/** How kselftest's programs end (Documentation/dev-tools/kselftest.rst): 0 passed, 4 skipped, 1 failed. */
const SKIPPED = 4;

interface Outcome {
  readonly test: Selftest;
  readonly result: "pass" | "skip" | "fail" | "time";
  readonly seconds: number;
  /** Parts of the test that passed, were skipped and failed, where it says so of each. */
  readonly parts: { readonly pass: number; readonly skip: number; readonly fail: number };
  /** The lines that say what failed or why it was skipped. */
  readonly notable: readonly string[];
}

const FAILED = /\bFAIL(ED)?\b|^not ok| {2}fail - |^ERROR|\berror: |RTNETLINK answers/;
const NOT_RUN = /\bSKIP\b|not supported|[Mm]issing|not found/;
const PASSED = /\bPASS\b|\[ *OK *\]|^ok \d| {2}ok$/;
/** A total at the end, or a header, is no part of its own. */
const TOTAL = /^(Tests? (passed|failed)|# (Totals|FAILED|PASSED|\d)|PASS(ED)?: \d+|.*\d+ (passed|failed))/i;

function judge(
  test: Selftest,
  how: "exited" | "signal" | "time limit",
  exit: number,
  seconds: number,
  printed: string,
): Outcome {
  const lines = printed
    .replaceAll(/\x1b\[[0-9;]*m/g, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !TOTAL.test(line));
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  const parts = { pass: count(PASSED), skip: count(/\bSKIP\b/), fail: count(/\bFAIL\b|^not ok| {2}fail - /) };
  const ended = exit === 0 ? "pass" : exit === SKIPPED ? "skip" : "fail";
  const result = how === "time limit" ? "time" : ended;
  const notable = lines.filter((line) => FAILED.test(line) || NOT_RUN.test(line));
  return { test, result, seconds, parts, notable: result === "pass" ? notable : [...notable, ...lines.slice(-3)] };
}

/**
 * The image keeps the kernel from making tunnels nobody asked for (gre0, tunl0), which the older `ip tunnel add`
 * needs; the tests count on them.
 */
const UNPACK = `tar -xzf /tmp/selftests.tar.gz -C / && rm /tmp/selftests.tar.gz &&
  sysctl -qw net.core.fb_tunnels_only_for_init_net=0 &&
  modprobe nf_tables && insmod /opt/selftests/modules/nft_objref.ko`;

/** A machine with the files of prepare.sh and the layers the tests need. */
async function machineWith(archive: string, image: string): Promise<Host> {
  const host = await createNodeHost();
  const spec = machineSpec({ name: "selftests", image, memory: 256, layers: ["nft", "links"] });
  await host.start(spec, { start: "boot" }, (event) => {
    if (event.type === "console") void host.acknowledge("selftests", event.bytes.length);
  });
  await host.put("selftests", "/tmp/selftests.tar.gz", readFileSync(archive), 0o644);
  const unpacked = await runIn(host, UNPACK, 300_000);
  if (unpacked.exit !== 0) throw new Error(`the files of the tests could not be unpacked: ${unpacked.out}`);
  return host;
}

async function runIn(host: Host, script: string, limit: number) {
  const { exit, how, stdout, stderr } = await host.run("selftests", script, { limit });
  const text = new TextDecoder();
  return { exit, how, out: text.decode(stdout) + text.decode(stderr) };
}

async function runTest(archive: string, image: string, test: Selftest, limit: number): Promise<Outcome> {
  const host = await machineWith(archive, image);
  try {
    const [, folder, name] = /^(.*)\/([^/]+)$/.exec(test.path)!;
    const shell = name!.endsWith(".sh") ? "bash" : "";
    const command = `cd /opt/selftests/${folder} && PATH=/opt/selftests/shims:$PATH ${test.env ?? ""} ${shell} ./${name} ${test.args ?? ""} 2>&1`;
    const began = performance.now();
    const { exit, how, out } = await runIn(host, command, limit);
    return judge(test, how, exit, Math.round((performance.now() - began) / 1000), out);
  } finally {
    await host.close();
  }
}

function print({ test, result, seconds, parts, notable }: Outcome): void {
  const counts = `${parts.pass}/${parts.skip}/${parts.fail}`;
  console.log(
    `${result.padEnd(5)} ${test.path.padEnd(44)} ${counts.padStart(9)} ${`${seconds} s`.padStart(7)}  ${test.about}`,
  );
  for (const line of notable.slice(0, 40)) console.log(`      | ${line.slice(0, 160)}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      work: { type: "string" },
      only: { type: "string", default: "" },
      image: { type: "string", default: "linux" },
      limit: { type: "string", default: "600" },
    },
  });
  if (!values.work) {
    console.error(`usage: ${USAGE}`);
    return 2;
  }
  const archive = join(values.work, "selftests.tar.gz");
  execFileSync(fileURLToPath(new URL("prepare.sh", import.meta.url)), [values.work, values.work], { stdio: "inherit" });
  console.log("result test                                    pass/skip/fail    time  what");
  let failed = 0;
  for (const test of SELFTESTS.filter(({ path }) => new RegExp(values.only).test(path))) {
    const outcome = await runTest(archive, values.image, test, Number(values.limit) * 1000);
    print(outcome);
    if (outcome.result === "fail" || outcome.result === "time") failed++;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
