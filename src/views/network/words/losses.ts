import type { DropReason } from "../../../network/reports.ts";
import type { Language } from "../../language.ts";
import type { Loss } from "../picture.ts";

/** Why a packet went no further, as a sentence. */
const en = {
  dropped: {
    queue: "Dropped: the queue was full.",
    loss: "Lost at random, as the link was told to lose frames.",
    cut: "Dropped: the link is cut, or the cable is out.",
    vlan: "Dropped: the port is not in this VLAN.",
    mtu: "Dropped: longer than the link's MTU.",
    malformed: "Dropped: the frame is malformed.",
    held: "Dropped: too many frames wait for the held wire.",
    loop: "Dropped: frames go round in a loop.",
    nobody: "Dropped: nobody takes frames at this end.",
  } satisfies Record<DropReason, string>,
  "forwarding-off": (address: string, setting: string) =>
    `${address} is not an address of this namespace, and ${setting} is 0: it does not forward.`,
  rule: (table: string, chain: string, rule: string) => `Dropped by the chain ${chain} of table ${table}: ${rule}`,
  "no-route": (address: string) => `There is no route to ${address}.`,
  "no-neighbour": (address: string, device: string) => `${address} does not answer on ${device}: its MAC is not known.`,
  ttl: "Its TTL was used up here.",
  down: (device: string) => `${device} is down or has no carrier.`,
  "port-state": (device: string, state: string) => `The bridge port ${device} is ${state}, not forwarding.`,
  filtered: "The switch has learned the address at the port it came from: it sends the frame nowhere.",
  "other-mac": (mac: string) => `Addressed to ${mac}, which is no interface here.`,
  "nobody-has": (address: string) => `Nobody it reached has the address ${address}.`,
  unseen: "Seen no further. Nothing that was read explains it.",
};

const zh: typeof en = {
  dropped: {
    queue: "丢弃：队列已满。",
    loss: "随机丢失：这条链路被设置为会丢帧。",
    cut: "丢弃：链路被切断，或者网线拔掉了。",
    vlan: "丢弃：这个端口不属于该 VLAN。",
    mtu: "丢弃：超过了链路的 MTU。",
    malformed: "丢弃：帧的格式不对。",
    held: "丢弃：扣住的线路上等待的帧太多。",
    loop: "丢弃：帧在环路里打转。",
    nobody: "丢弃：这一端没有人收帧。",
  },
  "forwarding-off": (address, setting) => `${address} 不是这个命名空间的地址，而 ${setting} 为 0，所以不转发。`,
  rule: (table, chain, rule) => `被 ${table} 表的 ${chain} 链丢弃：${rule}`,
  "no-route": (address) => `没有到 ${address} 的路由。`,
  "no-neighbour": (address, device) => `${address} 在 ${device} 上没有应答，不知道它的 MAC 地址。`,
  ttl: "TTL 在这里用完了。",
  down: (device) => `${device} 没有启用，或者没有载波。`,
  "port-state": (device, state) => `网桥端口 ${device} 处于 ${state} 状态，不转发。`,
  filtered: "交换机学到的地址就在它进来的端口上，所以哪里都不送。",
  "other-mac": (mac) => `发给 ${mac}，这里没有这样的接口。`,
  "nobody-has": (address) => `它到达的地方都没有 ${address} 这个地址。`,
  unseen: "之后没有再看到它。读到的设置解释不了原因。",
};

/** The setting that lets a namespace forward, by IP version. */
const FORWARDING = { 4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding" } as const;

/** A sentence that says why a packet went no further. */
export function lossWords(language: Language, loss: Loss): string {
  const words = language === "zh" ? zh : en;
  switch (loss.kind) {
    case "dropped":
      return words.dropped[loss.reason];
    case "forwarding-off":
      return words[loss.kind](loss.address, FORWARDING[loss.family]);
    case "rule":
      return words.rule(loss.table, loss.chain, loss.rule);
    case "no-route":
    case "nobody-has":
      return words[loss.kind](loss.address);
    case "no-neighbour":
      return words[loss.kind](loss.address, loss.device);
    case "port-state":
      return words[loss.kind](loss.device, loss.state);
    case "down":
      return words.down(loss.device);
    case "other-mac":
      return words[loss.kind](loss.mac);
    default:
      return words[loss.kind];
  }
}
