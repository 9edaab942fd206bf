/**
 * What every guest's kernel has of Xen: hypercalls, its shared pages, grants, ports, and a line to xenstored. Nothing is
 * checked here: the hostile use it too.
 */
import type { PlatformGuest } from "../../../machine/platform.ts";
import { REGISTER } from "../../../machine/platform.ts";
import { DOMID, PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { ALLOC_UNBOUND, EVTCHNOP } from "../../../xen/abi/event-channel.ts";
import { GRANT_ENTRY, GTF } from "../../../xen/abi/grant-table.ts";
import { HVM_PARAM, HVM_PARAM_ARGUMENT, HVMOP } from "../../../xen/abi/hvm.ts";
import { HYPERCALL } from "../../../xen/abi/hypercalls.ts";
import { type AnyLayout, readLayout, type Values, writeLayout } from "../../../xen/abi/layout.ts";
import { ADD_TO_PHYSMAP, XENMAPSPACE, XENMEM } from "../../../xen/abi/memory.ts";
import { SHARED_INFO } from "../../../xen/abi/shared-info.ts";
import { fromBytes, HEADER_BYTES, message, readHeader, STORE_PAGE, XS } from "../../../xen/abi/xs-wire.ts";
import type { Processor } from "./processor.ts";

/** Frames with a use of their own; the processor's code is in frame 1. */
export const FRAME = { argument: 2, sharedInfo: 3, grants: 4, rings: 8, buffers: 16, free: 96 } as const;
/** Grant references a kernel hands out: the first are Xen's own. */
export const FIRST_REFERENCE = 8;
const VECTOR = 0xf3;

export class Kernel {
  processor: Processor;
  place: PlatformGuest;
  /** The guest's memory. */
  view: DataView;
  #store: { readonly frame: number; readonly port: number } | undefined;
  #answers = new Uint8Array(0);
  #request = 0;
  #nextReference = FIRST_REFERENCE;
  readonly #granted = new Map<string, number>();

  constructor(place: PlatformGuest, processor: Processor) {
    this.place = place;
    this.processor = processor;
    this.view = viewOf(processor);
  }

  /** Goes on somewhere else, from the same memory. */
  move(place: PlatformGuest, processor: Processor): void {
    this.place = place;
    this.processor = processor;
    this.view = viewOf(processor);
  }

  /** One turn on the processor. */
  turn<T>(work: () => T): T {
    this.place.beforeTurn();
    try {
      return work();
    } finally {
      this.place.afterTurn();
    }
  }

  /** A hypercall. @returns EAX, signed */
  call(number: number, ...args: readonly number[]): number {
    const registers = this.processor.registers();
    const [ebx = 0, ecx = 0, edx = 0, esi = 0, edi = 0] = args;
    registers.set([number, ecx, edx, ebx, 0, 0, esi, edi]);
    this.place.trap("invalid-opcode");
    return this.processor.registers()[REGISTER.eax]!;
  }

  /** A hypercall with a structure as its argument. @returns what it returned, and the structure as it is then */
  ask<L extends AnyLayout>(
    number: number,
    command: number,
    layout: L,
    values: Partial<Values<L>>,
    ...more: readonly number[]
  ): Values<L> & { readonly result: number } {
    const at = FRAME.argument * PAGE_SIZE;
    this.processor.bytes.fill(0, at, at + layout.bytes);
    writeLayout(this.view, at, layout, values);
    const result = this.call(number, command, at, ...more);
    return { ...readLayout(this.view, at, layout), result };
  }

  /** Takes its pages into use, as a kernel does early. */
  boot(): void {
    const { self } = DOMID;
    const place = (space: number, idx: number, gpfn: number) =>
      this.ask(HYPERCALL.memory_op, XENMEM.add_to_physmap, ADD_TO_PHYSMAP, { domid: self, size: 0, space, idx, gpfn });
    place(XENMAPSPACE.shared_info, 0, FRAME.sharedInfo);
    for (let frame = 0; frame < 4; frame++) place(XENMAPSPACE.grant_table, frame, FRAME.grants + frame);
    const callback = { domid: self, index: HVM_PARAM.CALLBACK_IRQ, value: (2n << 56n) | BigInt(VECTOR) };
    this.ask(HYPERCALL.hvm_op, HVMOP.set_param, HVM_PARAM_ARGUMENT, callback);
    // Read once: later the guest may have written them itself.
    this.#store ??= { frame: this.param(HVM_PARAM.STORE_PFN), port: this.param(HVM_PARAM.STORE_EVTCHN) };
  }

  param(index: number): number {
    return Number(this.ask(HYPERCALL.hvm_op, HVMOP.get_param, HVM_PARAM_ARGUMENT, { domid: DOMID.self, index }).value);
  }

  /** Grants a frame to a domain; once is enough. @returns the reference */
  grant(frame: number, domid: number, readOnly = false): number {
    const key = `${frame} ${domid} ${readOnly}`;
    const reference = this.#granted.get(key) ?? this.#nextReference++;
    this.#granted.set(key, reference);
    this.setGrant(reference, GTF.permit_access | (readOnly ? GTF.readonly : 0), domid, frame);
    return reference;
  }

  setGrant(reference: number, flags: number, domid: number, frame: number): void {
    const at = FRAME.grants * PAGE_SIZE + reference * GRANT_ENTRY.bytes;
    writeLayout(this.view, at, GRANT_ENTRY, { flags, domid, frame });
  }

  grantFlags(reference: number): number {
    return readLayout(this.view, FRAME.grants * PAGE_SIZE + reference * GRANT_ENTRY.bytes, GRANT_ENTRY).flags;
  }

  /** @returns a port for another domain to bind to */
  port(remote_dom: number): number {
    const { self } = DOMID;
    const values = { dom: self, remote_dom };
    return this.ask(HYPERCALL.event_channel_op, EVTCHNOP.alloc_unbound, ALLOC_UNBOUND, values).port;
  }

  send(port: number): number {
    const at = FRAME.argument * PAGE_SIZE;
    this.view.setUint32(at, port, true);
    return this.call(HYPERCALL.event_channel_op, EVTCHNOP.send, at);
  }

  /** Takes the events that are pending. @returns their ports */
  takeEvents(): number[] {
    const at = FRAME.sharedInfo * PAGE_SIZE;
    const { view } = this;
    const ports: number[] = [];
    view.setUint8(at, 0);
    view.setUint32(at + 4, 0, true);
    for (let word = 0; word < 32; word++) {
      const pending = view.getUint32(at + SHARED_INFO.evtchn_pending + word * 4, true);
      if (pending === 0) continue;
      view.setUint32(at + SHARED_INFO.evtchn_pending + word * 4, 0, true);
      for (let bit = 0; bit < 32; bit++) if (pending & (1 << bit)) ports.push(word * 32 + bit);
    }
    return ports;
  }

  /** Where its page for xenstored is. */
  get storePage(): number {
    return (this.#store?.frame ?? 0) * PAGE_SIZE;
  }

  get storePort(): number {
    return this.#store?.port ?? 0;
  }

  /** Bytes that the ring to xenstored takes now. */
  get storeRoom(): number {
    const { view, storePage } = this;
    const produced = view.getUint32(storePage + STORE_PAGE.requestsProduced, true);
    const used = (produced - view.getUint32(storePage + STORE_PAGE.requestsConsumed, true)) >>> 0;
    return Math.max(0, STORE_PAGE.ringBytes - used);
  }

  /** Puts bytes into the ring to xenstored, as many as fit, and sends the event. @returns how many */
  tellStore(bytes: Uint8Array): number {
    const { view, storePage } = this;
    const produced = view.getUint32(storePage + STORE_PAGE.requestsProduced, true);
    const count = Math.min(bytes.length, this.storeRoom);
    for (let i = 0; i < count; i++) {
      const slot = (produced + i) % STORE_PAGE.ringBytes;
      view.setUint8(storePage + STORE_PAGE.requests + slot, bytes[i]!);
    }
    view.setUint32(storePage + STORE_PAGE.requestsProduced, (produced + count) >>> 0, true);
    this.send(this.storePort);
    return count;
  }

  /** Empties the ring from xenstored. @returns what was in it */
  hearStore(): Uint8Array {
    const { view, storePage } = this;
    const produced = view.getUint32(storePage + STORE_PAGE.responsesProduced, true);
    const consumed = view.getUint32(storePage + STORE_PAGE.responsesConsumed, true);
    const count = Math.min((produced - consumed) >>> 0, STORE_PAGE.ringBytes);
    const bytes = Uint8Array.from({ length: count }, (_, i) =>
      view.getUint8(storePage + STORE_PAGE.responses + ((consumed + i) % STORE_PAGE.ringBytes)),
    );
    view.setUint32(storePage + STORE_PAGE.responsesConsumed, produced, true);
    if (count > 0) this.send(this.storePort);
    return bytes;
  }

  /**
   * One request to xenstored, in this turn.
   *
   * @returns the answer's payload without its last NUL, or the error's name; undefined when none came
   */
  store(type: keyof typeof XS, payload: string, transaction = 0): string | undefined {
    const id = ++this.#request;
    let bytes = message(XS[type], id, transaction, payload);
    for (let tries = 0; tries < 40; tries++) {
      bytes = bytes.subarray(this.tellStore(bytes));
      const heard = this.hearStore();
      const all = new Uint8Array(this.#answers.length + heard.length);
      all.set(this.#answers);
      all.set(heard, this.#answers.length);
      this.#answers = all;
      for (let answer = this.#takeAnswer(); answer; answer = this.#takeAnswer()) {
        if (answer.id === id) return answer.payload.replace(/\0$/, "");
      }
    }
    return undefined;
  }

  #takeAnswer(): { readonly id: number; readonly payload: string } | undefined {
    if (this.#answers.length < HEADER_BYTES) return undefined;
    const { requestId, length } = readHeader(this.#answers);
    const whole = HEADER_BYTES + length;
    if (this.#answers.length < whole) return undefined;
    const payload = fromBytes(this.#answers.subarray(HEADER_BYTES, whole));
    this.#answers = this.#answers.slice(whole);
    return { id: requestId, payload };
  }
}

const viewOf = ({ bytes: { buffer, byteOffset, byteLength } }: Processor) =>
  new DataView(buffer, byteOffset, byteLength);
