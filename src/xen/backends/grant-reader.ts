/** Grants as a probe sees them: looked at, never used. */
import { type GrantReader, hex, PAGE } from "../../probe/rings/layout/index.ts";
import type { FrontDomain } from "./front-domain.ts";

/** Bytes of a page shown with the entry that names it. */
const HEAD = 64;

export function grantReader(domain: FrontDomain): GrantReader {
  const behind = (reference: number) => {
    const view = domain.viewGrant(reference);
    const content = view.address === undefined ? undefined : domain.page(view.address);
    return { ...view, content };
  };
  return {
    content: (reference) => behind(reference).content,
    page(reference, offset, bytes, writable) {
      const { status, address, content } = behind(reference);
      return {
        reference,
        address: address === undefined ? "" : `pa:0x${(address + offset).toString(16)}`,
        bytes,
        writable,
        grant: status,
        head: content ? hex(content.subarray(offset, Math.min(offset + bytes, offset + HEAD, PAGE))) : "",
      };
    },
  };
}
