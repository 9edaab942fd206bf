/** What the four arguments of each kind of record are (abi/trace.h says it beside each name). */

/** How an argument is to be read: an address of a kind, an entry, a bare number, or a value of an enum. */
export type ArgumentKind =
  | "gva"
  | "gpa"
  | "ma"
  | "gfn"
  | "mfn"
  | "entry"
  | "hex"
  | "count"
  | "control-register"
  | "segment-register"
  | "domain"
  | "hidden"
  | "unshadow"
  | "refusal"
  | "kill"
  | "frame_type"
  | "hypercall"
  | "grant_op";

export interface ArgumentMeaning {
  /** A word the views have in every language. */
  readonly name: ArgumentName;
  readonly kind: ArgumentKind;
}

export type ArgumentName =
  | "address"
  | "error-code"
  | "guest-entry"
  | "shadow-entry"
  | "why"
  | "table"
  | "slot"
  | "old"
  | "new"
  | "register"
  | "value"
  | "port"
  | "bytes"
  | "eip"
  | "esp"
  | "cs"
  | "eflags"
  | "opcode"
  | "opcode-extension"
  | "base"
  | "limit"
  | "selector"
  | "vector"
  | "number"
  | "argument"
  | "line"
  | "level"
  | "shadow"
  | "changed"
  | "length"
  | "frame"
  | "from"
  | "to"
  | "there"
  | "operation"
  | "reference"
  | "which";

const meaning = (name: ArgumentName, kind: ArgumentKind): ArgumentMeaning => ({ name, kind });

const GVA = meaning("address", "gva");
const TABLE = meaning("table", "gfn");
const SLOT = meaning("slot", "count");
const OLD = meaning("old", "hex");
const NEW = meaning("new", "hex");
const OLD_ENTRY = meaning("old", "entry");
const NEW_ENTRY = meaning("new", "entry");
const GUEST_ENTRY = meaning("guest-entry", "entry");
const SHADOW_ENTRY = meaning("shadow-entry", "entry");
const SHADOW_PAGE = meaning("shadow", "mfn");
const LEVEL = meaning("level", "count");
const CHANGED = meaning("changed", "count");
const PORT = meaning("port", "hex");
const BYTES = meaning("bytes", "count");
const VALUE = meaning("value", "hex");
const ERROR = meaning("error-code", "hex");
const OPCODE = meaning("opcode", "hex");
const ARGUMENT = meaning("argument", "hex");
const VECTOR = meaning("vector", "hex");

/** By the name of the kind; a record has no more arguments than are named here. */
export const ARGUMENTS: Readonly<Record<string, readonly ArgumentMeaning[]>> = {
  EXIT_PF_GUEST: [GVA, ERROR],
  EXIT_PF_HIDDEN: [GVA, GUEST_ENTRY, SHADOW_ENTRY, meaning("why", "hidden")],
  EXIT_PF_PT_WRITE: [TABLE, SLOT, OLD_ENTRY, NEW_ENTRY],
  EXIT_PF_UNSYNC: [TABLE, SLOT],
  EXIT_PF_WATCHED: [GVA, OLD, NEW],
  EXIT_PF_UNSHADOW: [TABLE, meaning("why", "unshadow")],
  EXIT_PF_EMULATED: [GVA, OLD, NEW],
  EXIT_CR_READ: [meaning("register", "control-register"), VALUE],
  EXIT_CR_WRITE: [meaning("register", "control-register"), OLD, NEW],
  EXIT_CR3: [OLD, NEW],
  EXIT_INVLPG: [GVA],
  EXIT_HLT: [],
  EXIT_CLI: [],
  EXIT_STI: [],
  EXIT_IO_IN: [PORT, BYTES, VALUE],
  EXIT_IO_OUT: [PORT, BYTES, VALUE],
  EXIT_IRET: [meaning("eip", "gva"), meaning("cs", "hex"), meaning("eflags", "hex")],
  EXIT_TABLE: [meaning("opcode-extension", "count"), meaning("base", "gva"), meaning("limit", "hex")],
  EXIT_SEGMENT: [meaning("register", "segment-register"), meaning("selector", "hex")],
  EXIT_SOFT_INT: [VECTOR],
  EXIT_HYPERCALL: [meaning("number", "hypercall"), ARGUMENT, ARGUMENT, ARGUMENT],
  EXIT_TIMER: [],
  EXIT_DEVICE: [meaning("line", "count")],
  EXIT_EXCEPTION: [VECTOR, ERROR],
  EXIT_OTHER: [OPCODE],
  STEP_SHADOW_L1: [TABLE, SLOT, GUEST_ENTRY, SHADOW_ENTRY],
  STEP_SHADOW_L2: [TABLE, SLOT, GUEST_ENTRY, SHADOW_ENTRY],
  STEP_SHADOW_NEW: [TABLE, LEVEL, SHADOW_PAGE],
  STEP_SHADOW_FREE: [TABLE, LEVEL, SHADOW_PAGE],
  STEP_PROTECT: [TABLE, CHANGED],
  STEP_RESYNC: [TABLE, CHANGED],
  STEP_AD: [GVA, OLD_ENTRY, NEW_ENTRY],
  STEP_TLB_FLUSH: [],
  STEP_TLB_PAGE: [GVA],
  STEP_INJECT: [VECTOR, ERROR, meaning("eip", "gva"), meaning("esp", "gva")],
  STEP_EMULATE: [OPCODE, meaning("length", "count")],
  STEP_TYPE: [meaning("frame", "mfn"), meaning("old", "frame_type"), meaning("new", "frame_type")],
  STEP_PT_UPDATE: [meaning("address", "ma"), OLD_ENTRY, NEW_ENTRY],
  STEP_REFUSE: [meaning("why", "refusal"), ARGUMENT, ARGUMENT],
  STEP_SCHEDULE: [meaning("from", "domain"), meaning("to", "domain")],
  STEP_EVENT: [meaning("from", "domain"), meaning("to", "domain"), meaning("there", "count")],
  STEP_GRANT: [
    meaning("operation", "grant_op"),
    meaning("which", "domain"),
    meaning("reference", "count"),
    meaning("frame", "mfn"),
  ],
  STEP_KILL: [meaning("which", "domain"), meaning("why", "kill")],
};
