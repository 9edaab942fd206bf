import type { Exit } from "./exits.ts";

/** The first interrupt controller's command port, to which a kernel writes its end of interrupt (8259A). */
const PIC_COMMAND = 0x20;

/**
 * Exits of a guest that has nothing to do: it waits (HLT, or the hypercall for it), a timer tick ends that, and it
 * waits again, having done no more than the tick itself asks for: the end of interrupt, CLI, STI and IRET.
 *
 * A wait belongs to what follows it, up to the same domain's next wait; the last one is idle as long as nothing else
 * has followed.
 *
 * @param exits in order
 * @returns their numbers
 */
export function idleExits(exits: readonly Exit[]): ReadonlySet<number> {
  const idle = new Set<number>();
  /** Of each domain, the exits since its last wait; none once something else was among them. */
  const waits = new Map<number | undefined, number[] | undefined>();
  const settle = (domain: number | undefined) => {
    for (const exit of waits.get(domain) ?? []) idle.add(exit);
  };
  for (const exit of exits) {
    if (isWait(exit)) {
      settle(exit.domain);
      waits.set(exit.domain, [exit.exit]);
    } else if (isTick(exit)) waits.get(exit.domain)?.push(exit.exit);
    else waits.set(exit.domain, undefined);
  }
  for (const domain of waits.keys()) settle(domain);
  return idle;
}

const isWait = ({ reason, arguments: [first] }: Exit) =>
  reason === "EXIT_HLT" || (reason === "EXIT_HYPERCALL" && first?.meaning === "HC_BLOCK");

function isTick({ reason, level, arguments: [first] }: Exit): boolean {
  if (level !== 0) return false;
  if (reason === "EXIT_IO_OUT") return Number(first?.value) === PIC_COMMAND;
  return reason === "EXIT_IRET" || reason === "EXIT_CLI" || reason === "EXIT_STI";
}
