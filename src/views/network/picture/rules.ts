import type { FilterRule } from "../../../probe/network/types.ts";

/** Targets of iptables that rewrite addresses (iptables-extensions(8)), and statements of nft(8) that do. */
const IPTABLES = /(?:^| )-j (?:MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP)(?: |$)/;
const NFT = /(?:^| )(?:masquerade|redirect|snat|dnat)(?: |$)/;

/** @returns whether a rule rewrites a packet's addresses */
export const isRewriting = ({ rule }: FilterRule): boolean => IPTABLES.test(rule) || NFT.test(rule);
