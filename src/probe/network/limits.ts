/** Bounds of what `netview` prints. The entries are the tool's own; a document within them is far below the characters. */
export const NETVIEW_LIMITS = {
  characters: 2_000_000,
  namespaces: 64,
  names: 4,
  processes: 4,
  links: 64,
  /** Of all interfaces of a namespace. */
  addresses: 256,
  routes: 256,
  neighbours: 256,
  fdb: 256,
  vlans: 256,
  conntrack: 256,
  rules: 256,
  /** Characters of a rule. */
  rule: 512,
  frames: 256,
  /** Bytes of a frame: 320, and a VLAN tag. */
  bytes: 324,
} as const;
