/** xterm.js and what we use with it, in one chunk that is loaded beside the machine. */
export { FitAddon } from "@xterm/addon-fit";
export { SearchAddon } from "@xterm/addon-search";
export { Terminal } from "@xterm/xterm";
export { default as css } from "@xterm/xterm/css/xterm.css?inline";
