/** Block rings (Xen public/io/blkif.h); the layout itself is where readers of memory need it, too. */
export * from "../../probe/rings/layout/blkif.ts";

/** Value of the `protocol` key a 32-bit x86 frontend writes (public/io/protocols.h); a missing one means the same. */
export const BLOCK_PROTOCOL = "x86_32-abi";
