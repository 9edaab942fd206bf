/** Where things are in xenstore (Xen docs/misc/xenstore-paths.pandoc). */

export const home = (domain: number): string => `/local/domain/${domain}`;

export const vmPath = (uuid: string): string => `/vm/${uuid}`;

export type DeviceKind = "vbd" | "vif";

export const frontPath = (front: number, kind: DeviceKind, device: number): string =>
  `${home(front)}/device/${kind}/${device}`;

export const backPath = (back: number, kind: DeviceKind, front: number, device: number): string =>
  `${home(back)}/backend/${kind}/${front}/${device}`;

/**
 * A virtual block device's number (xen-vbd-interface(7)): major 202 for `xvd`, 16 minors a disk.
 *
 * @param name `xvda` to `xvdp`
 */
export const virtualDevice = (name: string): number => (202 << 8) | ((name.charCodeAt(3) - "a".charCodeAt(0)) << 4);

/** A domain's UUID as text. */
export function uuidText(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
