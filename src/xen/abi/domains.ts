/** Domain ids (Xen public/xen.h, DOMID_*). Ids below {@link DOMID.first_reserved} are domains'. */
export const DOMID = {
  /** The first id that is no domain's, DOMID_FIRST_RESERVED. */
  first_reserved: 0x7ff0,
  /** In calls: the caller, DOMID_SELF. */
  self: 0x7ff0,
} as const;

/** Bytes in a frame; a frame number is an address shifted right by {@link PAGE_SHIFT}. */
export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;
