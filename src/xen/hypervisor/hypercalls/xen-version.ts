import { XEN_VERSION } from "../../abi/cpuid.ts";
import { ERRNO } from "../../abi/errors.ts";
import { FEATURE_INFO, XENFEAT, XENVER, XENVER_BYTES } from "../../abi/version.ts";
import type { Guest } from "../guest.ts";
import type { Family } from "./call.ts";

/** What `/sys/hypervisor` shows. The version is of the interface; the program is this one. */
const EXTRAVERSION = ".0-ringside";
const CAPABILITIES = "hvm-3.0-x86_32 hvm-3.0-x86_32p ";
const COMPILE_INFO = { compiler: "TypeScript", compile_by: "ringside", compile_domain: "browser", compile_date: "" };

/** hvm_safe_pvclock is left out: without a local APIC Linux keeps its time by TSC and PIT, also over a pause. */
const FEATURES =
  (1 << XENFEAT.writable_page_tables) | (1 << XENFEAT.auto_translated_physmap) | (1 << XENFEAT.hvm_callback_vector);

export const xenVersion: Family = ({ guest, args }) => {
  const [command, buffer] = [args[0]!, args[1]!];
  switch (command) {
    case XENVER.version:
      return XEN_VERSION;
    case XENVER.extraversion:
      return putText(guest, buffer, [[EXTRAVERSION, XENVER_BYTES.extraversion]]);
    case XENVER.compile_info:
      return putText(guest, buffer, [
        [COMPILE_INFO.compiler, XENVER_BYTES.compiler],
        [COMPILE_INFO.compile_by, XENVER_BYTES.compile_by],
        [COMPILE_INFO.compile_domain, XENVER_BYTES.compile_domain],
        [COMPILE_INFO.compile_date, XENVER_BYTES.compile_date],
      ]);
    case XENVER.capabilities:
      return putText(guest, buffer, [[CAPABILITIES, XENVER_BYTES.capabilities]]);
    case XENVER.changeset:
      return putText(guest, buffer, [["", XENVER_BYTES.changeset]]);
    case XENVER.platform_parameters:
      guest.memory.setU32(buffer, 0);
      return 0;
    case XENVER.get_features:
      return features(guest, buffer);
    case XENVER.pagesize:
      return buffer === 0 ? 4096 : -ERRNO.EINVAL;
    case XENVER.guest_handle:
      guest.memory.write(buffer, domainHandle(guest.id));
      return 0;
    case XENVER.commandline:
      return putText(guest, buffer, [["", XENVER_BYTES.commandline]]);
    default:
      return -ERRNO.ENOSYS;
  }
};

function features(guest: Guest, buffer: number): number {
  const { submap_idx } = guest.memory.readStruct(buffer, FEATURE_INFO);
  if (submap_idx !== 0) return -ERRNO.EINVAL;
  guest.memory.writeFields(buffer, FEATURE_INFO, { submap: FEATURES });
  return 0;
}

/** The UUID the toolstack gave a domain: version 4 in form, the domain id at its end. */
export function domainHandle(id: number): Uint8Array {
  const uuid = new Uint8Array(16);
  uuid[6] = 0x40;
  uuid[8] = 0x80;
  new DataView(uuid.buffer).setUint32(12, id);
  return uuid;
}

/** Character arrays one after the other, each filled up with NUL. */
function putText(guest: Guest, buffer: number, texts: readonly (readonly [text: string, bytes: number])[]): number {
  const total = texts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const block = new Uint8Array(total);
  let at = 0;
  for (const [text, bytes] of texts) {
    block.set(new TextEncoder().encode(text).subarray(0, bytes - 1), at);
    at += bytes;
  }
  guest.memory.write(buffer, block);
  return 0;
}
