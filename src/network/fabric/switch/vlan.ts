/** VLANs of a switch (IEEE 802.1Q-2018): which one a frame is in, and with which tag it leaves. Only C-tags are known. */
import { ETHERNET_BYTES, ETHERTYPE, setWord, VLAN_BYTES, word } from "../../headers.ts";
import type { Frame } from "../../link.ts";
import type { PortSpec } from "../../link-spec.ts";

const TAG_AT = 12;
const VID_MASK = 0x0fff;
/** VIDs 0 and 4095 are nobody's (802.1Q, table 9-2). */
const LAST_VLAN = 4094;

const ABSENT = 0;
const UNTAGGED = 1;
const TAGGED = 2;

/** What a frame is classified as that is in no VLAN of its port. */
export const NO_VLAN = 0;
/** A frame that ends within its tag. */
export const TRUNCATED = -1;

/** A port's part in the VLANs: its PVID, the frames it admits, the member and untagged sets (802.1Q, 6.9 and 8.8.10). */
export class Membership {
  /** VLAN of frames without a VID; {@link NO_VLAN} where the port admits tagged frames only. */
  readonly #pvid: number;
  /** An access port admits untagged and priority-tagged frames only. */
  readonly #admitsTagged: boolean;
  /** By VID, how frames leave. */
  readonly #egress = new Uint8Array(LAST_VLAN + 2);

  constructor({ vlan, vlans }: Pick<PortSpec, "vlan" | "vlans">) {
    this.#pvid = vlan ?? (vlans ? NO_VLAN : 1);
    this.#admitsTagged = vlans !== undefined || vlan === undefined;
    if (vlans) for (const vid of vlans) this.#egress[vid] = TAGGED;
    else if (vlan === undefined) this.#egress.fill(TAGGED, 1, LAST_VLAN + 1);
    if (this.#pvid !== NO_VLAN) this.#egress[this.#pvid] = UNTAGGED;
  }

  /** The VLAN of a frame that comes in here (6.9.1), with ingress filtering (8.6.2); {@link NO_VLAN}, {@link TRUNCATED}. */
  classify(bytes: Uint8Array): number {
    if (word(bytes, TAG_AT) !== ETHERTYPE.vlan) return this.#pvid;
    if (bytes.length < ETHERNET_BYTES + VLAN_BYTES) return TRUNCATED;
    const vid = word(bytes, TAG_AT + 2) & VID_MASK;
    if (vid === 0) return this.#pvid;
    return this.#admitsTagged && this.#egress[vid] !== ABSENT ? vid : NO_VLAN;
  }

  carries(vlan: number): boolean {
    return this.#egress[vlan] !== ABSENT;
  }

  tags(vlan: number): boolean {
    return this.#egress[vlan] === TAGGED;
  }
}

/** A frame in the two forms it can leave in, each made once. */
export class EgressForms {
  readonly #frame: Frame;
  readonly #vlan: number;
  /** The VID it came with: 0 of a priority tag, −1 without a tag. */
  readonly #vid: number;
  #untagged: Frame | undefined;
  #tagged: Frame | undefined;

  constructor(frame: Frame, vlan: number) {
    this.#frame = frame;
    this.#vlan = vlan;
    const { bytes } = frame;
    this.#vid = word(bytes, TAG_AT) === ETHERTYPE.vlan ? word(bytes, TAG_AT + 2) & VID_MASK : -1;
  }

  /** The frame as it leaves at a port of its VLAN. */
  at(port: Membership): Frame {
    if (!port.tags(this.#vlan)) {
      if (this.#vid < 0) return this.#frame;
      this.#untagged ??= untagged(this.#frame);
      return this.#untagged;
    }
    if (this.#vid === this.#vlan) return this.#frame;
    this.#tagged ??= this.#vid < 0 ? tagged(this.#frame, this.#vlan) : retagged(this.#frame, this.#vlan);
    return this.#tagged;
  }
}

function untagged(frame: Frame): Frame {
  const bytes = new Uint8Array(frame.bytes.length - VLAN_BYTES);
  bytes.set(frame.bytes.subarray(0, TAG_AT));
  bytes.set(frame.bytes.subarray(TAG_AT + VLAN_BYTES), TAG_AT);
  return moved(frame, bytes, -VLAN_BYTES);
}

/** Priority 0, not drop eligible: what frames without a tag have (6.9.3). */
function tagged(frame: Frame, vlan: number): Frame {
  const bytes = new Uint8Array(frame.bytes.length + VLAN_BYTES);
  bytes.set(frame.bytes.subarray(0, TAG_AT));
  setWord(bytes, TAG_AT, ETHERTYPE.vlan);
  setWord(bytes, TAG_AT + 2, vlan);
  bytes.set(frame.bytes.subarray(TAG_AT), TAG_AT + VLAN_BYTES);
  return moved(frame, bytes, VLAN_BYTES);
}

/** PCP and DEI stay as they came. */
function retagged(frame: Frame, vlan: number): Frame {
  const bytes = frame.bytes.slice();
  setWord(bytes, TAG_AT + 2, (word(bytes, TAG_AT + 2) & ~VID_MASK) | vlan);
  return { ...frame, bytes };
}

/** The frame with other bytes, in which what is behind the addresses has moved by so many. */
function moved(frame: Frame, bytes: Uint8Array, by: number): Frame {
  const { checksumFrom, checksumAt } = frame;
  if (checksumFrom === undefined || checksumAt === undefined) return { ...frame, bytes };
  return { ...frame, bytes, checksumFrom: checksumFrom + by, checksumAt: checksumAt + by };
}
