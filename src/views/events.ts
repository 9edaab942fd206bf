/**
 * Tells the page above. The event bubbles and crosses shadow roots; its name starts with `ringside-`, a ring's
 * with `ring-`, that of costs with `io-` and the network's with `network-`.
 *
 * @returns false when a listener called `preventDefault`
 */
export function emit<Detail>(
  from: HTMLElement,
  name: `${"ringside" | "ring" | "io" | "network"}-${string}`,
  detail: Detail,
): boolean {
  return from.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
}
