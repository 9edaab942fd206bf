import { type Fault, formatFault, type Lab, type LabReading, type LabSource, readLab } from "../lab/index.ts";
import { readTexts } from "../lab/load.ts";
import { type LabArguments, UsageError } from "./lab-arguments.ts";
import { TaskTrial } from "./lab-check-task.ts";
import { folderSource } from "./lab-folder.ts";
import { startLab } from "./lab-machines.ts";

/** Prints what is tried as it is tried, and counts. */
class Report {
  passed = 0;
  failed = 0;
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  say(line: string): void {
    console.log(line);
  }

  /** One thing that was tried: passed when it has no faults. */
  result(what: string, faults: readonly Fault[], began: number): void {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    this.say(`  ${faults.length ? "✗" : "✓"} ${what.padEnd(32)} ${seconds} s`);
    for (const fault of faults) this.say(`    ${this.#address}${formatFault(fault)}`);
    if (faults.length) this.failed += 1;
    else this.passed += 1;
  }
}

/**
 * Checks a lab as an author wants it checked: its files, then every task on real machines, in the lab's order.
 *
 * @returns 0 when nothing is wrong, else 1
 */
export async function check({ words: [id, ...more], seed }: LabArguments): Promise<number> {
  if (id === undefined || more.length) throw new UsageError("Expected: lab check <id or folder>");
  const source = folderSource(id);
  const report = new Report(source.address);
  const began = performance.now();
  const reading = readLab(await readTexts(source), seed, source);
  report.say(`${source.address} with seed ${seed}`);
  report.result("lab.yaml, en.md, zh.md", reading.faults, began);
  if (reading.lab) await tryTasks(reading.lab, reading, source, report);
  report.say(`${report.passed} passed, ${report.failed} failed`);
  return report.failed ? 1 : 0;
}

async function tryTasks(lab: Lab, reading: LabReading, source: LabSource, report: Report): Promise<void> {
  const began = performance.now();
  const { machines, close } = await startLab(lab, source);
  try {
    report.result(`start ${machines.names.join(", ")}`, [], began);
    const trial = new TaskTrial(lab, machines, reading.fault!);
    for (const step of lab.steps) {
      report.say(step.id);
      for (const id of step.tasks) {
        const start = performance.now();
        report.result(id, await trial.task(lab.tasks[id]!), start);
      }
    }
  } finally {
    await close();
  }
}
