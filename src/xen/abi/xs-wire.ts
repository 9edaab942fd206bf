/**
 * The protocol between xenstored and its clients: Xen public/io/xs_wire.h; what the messages mean is in
 * docs/misc/xenstore.txt. Strings are byte strings here, one character (U+0000 to U+00FF) for each byte.
 */

/** enum xsd_sockmsg_type. 20 was XS_RESTRICT, which is gone. */
export const XS = {
  CONTROL: 0,
  DIRECTORY: 1,
  READ: 2,
  GET_PERMS: 3,
  WATCH: 4,
  UNWATCH: 5,
  TRANSACTION_START: 6,
  TRANSACTION_END: 7,
  INTRODUCE: 8,
  RELEASE: 9,
  GET_DOMAIN_PATH: 10,
  WRITE: 11,
  MKDIR: 12,
  RM: 13,
  SET_PERMS: 14,
  WATCH_EVENT: 15,
  ERROR: 16,
  IS_DOMAIN_INTRODUCED: 17,
  RESUME: 18,
  SET_TARGET: 19,
  RESET_WATCHES: 21,
  DIRECTORY_PART: 22,
} as const;

/** The names that an error reply may carry (xsd_errors) and that this xenstored uses. */
export type XsError =
  | "EINVAL"
  | "EACCES"
  | "EEXIST"
  | "ENOENT"
  | "ENOMEM"
  | "ENOSPC"
  | "EIO"
  | "ENOSYS"
  | "EBUSY"
  | "EAGAIN"
  | "E2BIG"
  | "EPERM";

/** Bytes of struct xsd_sockmsg. */
export const HEADER_BYTES = 16;
/** XENSTORE_PAYLOAD_MAX: a client that announces more is cut off. */
export const PAYLOAD_MAX = 4096;
/** XENSTORE_ABS_PATH_MAX and XENSTORE_REL_PATH_MAX. */
export const ABSOLUTE_PATH_MAX = 3072;
export const RELATIVE_PATH_MAX = 2048;

/** struct xenstore_domain_interface: offsets in the page that a domain shares with xenstored. */
export const STORE_PAGE = {
  /** Bytes of each of the two rings (XENSTORE_RING_SIZE); indices run freely and are taken modulo this. */
  ringBytes: 1024,
  requests: 0,
  responses: 1024,
  requestsConsumed: 2048,
  requestsProduced: 2052,
  responsesConsumed: 2056,
  responsesProduced: 2060,
  serverFeatures: 2064,
  connection: 2068,
  error: 2072,
} as const;

/** Values of the page's `error` field. */
export const STORE_ERROR = { NONE: 0, COMMUNICATION: 1, RING_INDEX: 2, PROTOCOL: 3 } as const;

/** struct xsd_sockmsg. */
export interface Header {
  readonly type: number;
  readonly requestId: number;
  readonly transactionId: number;
  /** Bytes of payload. */
  readonly length: number;
}

export function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return {
    type: view.getUint32(0, true),
    requestId: view.getUint32(4, true),
    transactionId: view.getUint32(8, true),
    length: view.getUint32(12, true),
  };
}

/** A whole message. @throws RangeError when a character of the payload is no byte */
export function message(type: number, requestId: number, transactionId: number, payload: string): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, requestId, true);
  view.setUint32(8, transactionId, true);
  view.setUint32(12, payload.length, true);
  writeBytes(payload, bytes, HEADER_BYTES);
  return bytes;
}

/** A byte string as bytes. @throws RangeError for a character above U+00FF */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeBytes(text, bytes, 0);
  return bytes;
}

function writeBytes(text: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`\`${text}\` has a character that is no byte.`);
    into[at + i] = code;
  }
}

/** Bytes that `apply` takes at once on every engine. */
const AT_ONCE = 4096;

/** Bytes as a byte string. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  }
  return text;
}
