import type { Language } from "../../language.ts";

/** The words of the controls below the stage, and of files of captures. */
const en = {
  label: "Frames",
  link: "Link",
  hold: "Hold the wire",
  none: "No link has been read yet.",
  passed: (count: number, text: string) => (count === 1 ? "1 frame passed" : `${text} frames passed`),
  strip: (total: string, parts: string) => `Frames of the last minute: ${total} (${parts})`,
  stripEmpty: "No frames in the last minute.",
  part: (colour: string, count: string) => `${colour} ${count}`,
  fileTooLong: (name: string, most: string) => `${name} was not replayed: it is longer than ${most}.`,
  fileUnread: (name: string, why: string) => `${name} was not replayed: it could not be read (${why}).`,
  nothingSaved: "There is no frame to save.",
};

const zh: typeof en = {
  label: "帧",
  link: "链路",
  hold: "扣住线路",
  none: "还没有读到任何链路。",
  passed: (_count, text) => `已通过 ${text} 帧`,
  strip: (total, parts) => `最近一分钟的帧：${total}（${parts}）`,
  stripEmpty: "最近一分钟没有帧。",
  part: (colour, count) => `${colour} ${count}`,
  fileTooLong: (name, most) => `没有重放 ${name}：文件超过了 ${most}。`,
  fileUnread: (name, why) => `没有重放 ${name}：读不了这个文件（${why}）。`,
  nothingSaved: "没有可以保存的帧。",
};

export type TransportWords = typeof en;

/** The words of the network's controls in one language. */
export const transportWords = (language: Language): TransportWords => (language === "zh" ? zh : en);
