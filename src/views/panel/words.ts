import type { Language } from "../language.ts";

/** What every panel says of itself, and the shape its own table of words has to fill. */
const en = {
  table: "Table",
  copy: "Copy as JSON",
  copied: "Copied",
  notCopied: "The browser refused to copy",
  starting: "The machine is starting.",
  stopped: "The machine has stopped before anything was read.",
  stoppedLast: "The machine has stopped. This was read last.",
  tableOf: (title: string) => `${title}, table`,
  tableTitle: "The same facts as rows",
  copyTitle: "Copy what is shown as JSON",
  readAt: (place: string) => `read at ${place}`,
  readFrom: (field: string) => `read from ${field}`,
  domain: (id: number) => `domain ${id}`,
  none: "none",
  computed: "computed",
};

const zh: typeof en = {
  table: "表格",
  copy: "复制为 JSON",
  copied: "已复制",
  notCopied: "浏览器不允许复制",
  starting: "机器正在启动。",
  stopped: "机器已停止，停止前什么也没读到。",
  stoppedLast: "机器已停止。下面是最后一次读到的内容。",
  tableOf: (title) => `${title}，表格`,
  tableTitle: "把同样的内容列成表格",
  copyTitle: "把所显示的内容复制为 JSON",
  readAt: (place) => `读自 ${place}`,
  readFrom: (field) => `读自 ${field}`,
  domain: (id) => `域 ${id}`,
  none: "无",
  computed: "计算得出",
};

export type PanelWords = typeof en & {
  /** What stands where nothing has been read yet. */
  readonly waiting: string;
};

export const PANEL_WORDS: Readonly<Record<Language, typeof en>> = { en, zh };
