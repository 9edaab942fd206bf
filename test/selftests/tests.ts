/** One of the kernel's selftests (tools/testing/selftests in its tree). */
export interface Selftest {
  /** Below tools/testing/selftests. */
  readonly path: string;
  /** What it tries, for the table. */
  readonly about: string;
  /** What it is called with; of a test with several parts, those that are meant. */
  readonly args?: string;
  /** Environment it reads. */
  readonly env?: string;
}

/** What the network labs stand on: namespaces, veth, bridges, routing, NAT, VXLAN. */
export const SELFTESTS: readonly Selftest[] = [
  { path: "nsfs/owner", about: "namespaces: the user namespace that owns one" },
  { path: "nsfs/pidns", about: "namespaces: parents of PID namespaces" },
  { path: "pidfd/pidfd_setns_test", about: "namespaces: entered by a process, all kinds" },
  { path: "netfilter/nft_nat.sh", about: "nftables: SNAT, DNAT, masquerade, redirect" },
  { path: "net/forwarding/bridge_vlan_unaware.sh", about: "bridge: learning, flooding" },
  { path: "net/forwarding/bridge_vlan_aware.sh", about: "bridge: the same within VLANs" },
  { path: "net/veth.sh", about: "veth: offloads, XDP" },
  { path: "net/rtnetlink.sh", about: "rtnetlink: links of many kinds, namespaces, rules" },
  { path: "net/altnames.sh", about: "interfaces: further names" },
  { path: "netfilter/nft_meta.sh", about: "nftables: what a packet carries with it" },
  { path: "net/forwarding/bridge_port_isolation.sh", about: "bridge: isolated ports" },
  { path: "net/forwarding/bridge_sticky_fdb.sh", about: "bridge: addresses that stay" },
  { path: "net/forwarding/router_bridge.sh", about: "bridge and router in one" },
  { path: "net/fib_rule_tests.sh", about: "routing: policy rules" },
  { path: "net/fib_tests.sh", about: "routing: carrier, next hops", args: "-t 'unregister down carrier nexthop'" },
  { path: "net/icmp.sh", about: "ICMP: who answers for an unreachable destination" },
  { path: "net/arp_ndisc_untracked_subnets.sh", about: "neighbours: gratuitous ARP from other subnets" },
  { path: "net/arp_ndisc_evict_nocarrier.sh", about: "neighbours: gone with the carrier of a veth" },
  { path: "net/route_localnet.sh", about: "routing: 127/8 on a veth" },
  { path: "net/test_vxlan_fdb_changelink.sh", about: "VXLAN: remotes and the FDB" },
  { path: "netfilter/nft_fib.sh", about: "nftables: reverse path by fib" },
  { path: "netfilter/conntrack_icmp_related.sh", about: "conntrack: ICMP errors of connections" },
  { path: "netfilter/conntrack_tcp_unreplied.sh", about: "conntrack: TCP nobody answers" },
  { path: "netfilter/rpath.sh", about: "iptables and nft: reverse path" },
];
