import { formatMac } from "../../mac.ts";
import { formatIpv4, ipv4At } from "../address.ts";

/** Six bytes at an offset, as a MAC address. */
export const macText = (bytes: Uint8Array, at: number): string => formatMac(bytes.subarray(at, at + 6));

export const ipv4Text = (bytes: Uint8Array, at: number): string => formatIpv4(ipv4At(bytes, at));

/** Bytes that are written out; of more only these. */
const MOST_BYTES = 64;

/** So many bytes as hexadecimal digits. */
export const hexText =
  (count: number) =>
  (bytes: Uint8Array, at: number): string => {
    const shown = bytes.subarray(at, at + Math.min(count, MOST_BYTES));
    const digits = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return count > MOST_BYTES ? `${digits}…` : digits;
  };

/** `1 byte`, `2 bytes`. */
export const bytesText = (count: number): string => `${count} ${count === 1 ? "byte" : "bytes"}`;
