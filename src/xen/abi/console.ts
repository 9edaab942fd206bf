/** struct xencons_interface, the console's page (Xen public/io/console.h): two rings of bytes and their indices. */
export const CONSOLE = {
  /** To the guest, 1024 bytes. */
  in: 0,
  inBytes: 1024,
  /** From the guest, 2048 bytes. */
  out: 1024,
  outBytes: 2048,
  in_cons: 3072,
  in_prod: 3076,
  out_cons: 3080,
  out_prod: 3084,
} as const;
