/** Network rings (Xen public/io/netif.h); the layout itself is where readers of memory need it, too. */
export * from "../../probe/rings/layout/netif.ts";
