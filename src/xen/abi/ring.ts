/** Shared rings (Xen public/io/ring.h); the layout itself is where readers of memory need it, too. */
export * from "../../probe/rings/layout/ring.ts";
