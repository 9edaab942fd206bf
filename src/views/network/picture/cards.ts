import type { InterfaceBox, MachineBox } from "../picture.ts";
import type { PictureCard } from "./make.ts";

/**
 * Which interface of a guest each card is. The address burnt in tells, whatever the interface is called now, which
 * bridge it is in and what its MAC was changed to; then the MAC; what is left is matched in the order of its indices.
 *
 * @returns for each card its interface, undefined where there is none
 */
export function cardInterfaces(
  nics: readonly PictureCard[],
  machine: MachineBox,
): readonly (InterfaceBox | undefined)[] {
  const left = new Set(
    (machine.namespaces ?? []).flatMap(({ interfaces }) => interfaces.filter(({ link }) => link.kind === "")),
  );
  const found: (InterfaceBox | undefined)[] = nics.map(() => undefined);
  const take = (fits: (box: InterfaceBox, card: PictureCard) => boolean) => {
    for (const [at, card] of nics.entries()) {
      const box = found[at] ? undefined : [...left].find((other) => fits(other, card));
      if (!box) continue;
      found[at] = box;
      left.delete(box);
    }
  };
  take(({ link }, { mac }) => same(link.permanent, mac));
  take(({ link }, { mac }) => same(link.mac, mac));
  // a card with an address of its own that fits no other card is none of the lab's
  const rest = [...left].filter(({ link }) => link.permanent === undefined).sort((a, b) => a.link.index - b.link.index);
  for (const at of found.keys()) found[at] ??= rest.shift();
  return found;
}

const same = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.toLowerCase();
