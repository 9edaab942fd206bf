import { deepActiveElement } from "../views/clipboard.ts";

/** The parts of a lab page that F6 goes through, in the order they stand. */
const REGIONS = "ringside-steps, ringside-terminal, ringside-namespaces, ringside-transport";
const FOCUSABLE = "h1[tabindex], button:not(:disabled), input, select, a[href], [tabindex='0']";

/** Moves the focus to the next (1) or previous (−1) part that is shown. */
export function focusRegion(root: HTMLElement | DocumentFragment, by: 1 | -1): void {
  const regions = [...root.querySelectorAll<HTMLElement>(REGIONS)].filter(
    (region) => region.getClientRects().length > 0,
  );
  if (regions.length === 0) return;
  const active = deepActiveElement();
  const at = regions.findIndex(
    (region) => region === active || region.shadowRoot?.contains(active) || holds(region, active),
  );
  const from = at < 0 && by < 0 ? 0 : at;
  focusInto(regions[(from + by + regions.length) % regions.length]!);
}

/** Whether an element lies inside a region, through shadow roots. */
function holds(region: HTMLElement, element: Element | null): boolean {
  for (let node: Node | null = element; node; node = node.parentNode ?? (node as ShadowRoot).host ?? null) {
    if (node === region) return true;
  }
  return false;
}

function focusInto(region: HTMLElement): void {
  if (region.localName === "ringside-terminal") region.focus();
  else region.shadowRoot?.querySelector<HTMLElement>(FOCUSABLE)?.focus();
}
