/**
 * What images boot on beside a bare PC. The images' manifest says the same, and a host goes by that one; this is for
 * whoever has to know before a manifest is there. A test holds the two together.
 */

/** The image of the driver domain: a guest of it is domain 0 of its host. */
export const DOM0_IMAGE = "linux-dom0";

const XEN_IMAGES: readonly string[] = ["linux-xen", DOM0_IMAGE];

/** @returns `xen` for an image whose guests share a Xen host, undefined for one that boots on a PC of its own */
export function platformOf(image: string): "xen" | undefined {
  return XEN_IMAGES.includes(image) ? "xen" : undefined;
}
