import { type Place, ReadingError } from "../json.ts";
import { amount, counter, index, inode, oneOf } from "./fields.ts";
import { NETVIEW_LIMITS } from "./limits.ts";
import { openDocument } from "./parse.ts";
import type { GuestFrame, GuestFrames } from "./types.ts";

/** RFC 4648, section 4, padded. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function readBytes(place: Place): string {
  const text = place.text(Math.ceil(NETVIEW_LIMITS.bytes / 3) * 4);
  if (!BASE64.test(text)) throw place.wrong("bytes in base64");
  return text;
}

function readFrame(place: Place): GuestFrame {
  return {
    seq: place.at("seq").whole(1, Number.MAX_SAFE_INTEGER),
    at: amount(place.at("at")),
    namespace: inode(place.at("namespace")),
    link: index(place.at("link")),
    direction: oneOf(place.at("direction"), ["in", "out"]),
    length: place.at("length").whole(),
    bytes: readBytes(place.at("bytes")),
  };
}

/**
 * Reads the document `netview --frames NUMBER` prints.
 *
 * @param document the tool's standard output, decoded as UTF-8
 * @throws ReadingError, and nothing else, when it is not such a document; the message names the place
 */
export function parseGuestFrames(document: string): GuestFrames {
  const place = openDocument(document);
  const frames = place.at("frames").list(NETVIEW_LIMITS.frames, readFrame);
  const next = place.at("next").whole(1, Number.MAX_SAFE_INTEGER);
  const numbers = [...frames.map(({ seq }) => seq), next];
  if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1]!)) {
    throw new ReadingError("The reading's frames are not in the order of their numbers.");
  }
  return { frames, next, lost: counter(place.at("lost")), at: place.at("at").whole(0, Number.MAX_SAFE_INTEGER) };
}
