import { type Figure, figure, inTurn } from "../figure.ts";
import { idleShare } from "../idle-share.ts";
import { Guests } from "./guests.ts";

const ROUNDS = 5;

const PLAIN = { name: "vm", image: "linux" } as const;
const XEN = {
  name: "vm",
  image: "linux-xen",
  nics: [{ model: "xen", link: "lan" }],
  disks: [{ name: "xvda", model: "xen" }],
} as const;

/** From nothing to the prompt, with a disk and a card, beside the plain image with neither. */
export async function prompt(): Promise<Figure[]> {
  const boot = (given: Parameters<Guests["start"]>[0]) => () => Guests.with((guests) => guests.start(given));
  const [xen, plain] = await inTurn(ROUNDS, boot(XEN), boot(PLAIN));
  return [figure("boot to the prompt, Xen guest with disk and card", "ms", xen, plain, "the plain image")];
}

/** Share of a core that a guest with nothing to do takes. */
export async function idle(): Promise<Figure[]> {
  const of = (given: Parameters<Guests["start"]>[0]) =>
    Guests.with(async (guests) => {
      await guests.start(given);
      return idleShare();
    });
  const xen = await of(XEN);
  return [
    figure("idle Xen guest", "% of a core", xen, await of(PLAIN), "an idle guest of the plain image"),
    figure("idle Xen guest", "% of a core", xen, 3, "the aim, 3 %"),
  ];
}
