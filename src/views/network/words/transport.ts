import type { Language } from "../../language.ts";
import type { Colour } from "../picture.ts";

/** The words of the controls below the stage, and of files of captures. */
const en = {
  label: "Frames",
  link: "Link",
  hold: "Hold the wire",
  go: "Let all go",
  holdTitle: "Frames wait where they enter this link; let them go one by one",
  goTitle: "Every frame that waits goes on its way, and later ones are not held",
  step: "One frame",
  stepTitle: "Lets the frame that has waited longest go",
  none: "No link has been read yet.",
  waiting: (count: number, text: string) => (count === 1 ? "1 frame waits" : `${text} frames wait`),
  passed: (count: number, text: string) => (count === 1 ? "1 frame passed" : `${text} frames passed`),
  strip: (total: string, parts: string) => `Frames of the last minute: ${total} (${parts})`,
  stripEmpty: "No frames in the last minute.",
  colours: { arp: "ARP", icmp: "ICMP", udp: "UDP", tcp: "TCP", other: "other" } satisfies Record<Colour, string>,
  part: (colour: string, count: string) => `${colour} ${count}`,
  fileTooLong: (name: string, most: string) => `${name} was not replayed: it is longer than ${most}.`,
  fileUnread: (name: string, why: string) => `${name} was not replayed: it could not be read (${why}).`,
  nothingSaved: "There is no frame to save.",
};

const zh: typeof en = {
  label: "帧",
  link: "链路",
  hold: "扣住线路",
  go: "全部放行",
  holdTitle: "帧在进入这条链路的地方等待，再一个一个放行",
  goTitle: "等待的帧全部上路，之后的也不再扣住",
  step: "放行一帧",
  stepTitle: "放行等得最久的那一帧",
  none: "还没有读到任何链路。",
  waiting: (_count, text) => `${text} 帧在等待`,
  passed: (_count, text) => `已通过 ${text} 帧`,
  strip: (total, parts) => `最近一分钟的帧：${total}（${parts}）`,
  stripEmpty: "最近一分钟没有帧。",
  colours: { arp: "ARP", icmp: "ICMP", udp: "UDP", tcp: "TCP", other: "其他" },
  part: (colour, count) => `${colour} ${count}`,
  fileTooLong: (name, most) => `没有回放 ${name}：文件超过了 ${most}。`,
  fileUnread: (name, why) => `没有回放 ${name}：读不了这个文件（${why}）。`,
  nothingSaved: "没有可以保存的帧。",
};

export type TransportWords = typeof en;

/** The words of the network's controls in one language. */
export const transportWords = (language: Language): TransportWords => (language === "zh" ? zh : en);
