import { PAGE_SHIFT, PAGE_SIZE } from "../abi/domains.ts";
import { SHARED_INFO, VCPU_INFO, VCPU_INFO_BYTES } from "../abi/shared-info.ts";
import type { GuestFrames } from "./guest-frames.ts";
import { XenPage } from "./xen-page.ts";

/**
 * The words of the 2-level event channel ABI in one guest's memory: a pending and a mask bit for each port in
 * shared_info, a selector bit for each 32 ports and the upcall flag in vcpu_info (Xen public/xen.h; common/event_2l.c).
 *
 * The order of the steps is Xen's: the pending bit first, then the mask is looked at, then the selector is set, then
 * the flag. A guest clears in the opposite order, so that no event is lost between them.
 */
export class UpcallWords {
  /** shared_info. */
  readonly page: XenPage;
  readonly #frames: GuestFrames;
  /** vcpu_info when the guest registered it elsewhere: guest-physical address, or words of our own when it lost that. */
  #vcpuInfo: number | undefined;
  #lost: DataView | undefined;
  /** Times the flag went from 0 to 1. */
  upcalls = 0;

  constructor(frames: GuestFrames) {
    this.#frames = frames;
    this.page = new XenPage(frames);
  }

  /** Guest-physical address of the upcall flag; undefined while the guest has not placed it. */
  get flag(): number | undefined {
    if (this.#vcpuInfo !== undefined) return this.#vcpuInfo + VCPU_INFO.evtchn_upcall_pending;
    const { gfn } = this.page;
    return this.#lost || gfn === undefined ? undefined : (gfn << PAGE_SHIFT) + VCPU_INFO.evtchn_upcall_pending;
  }

  /** True while the guest has an upcall to take. */
  get pending(): boolean {
    const [view, at] = this.#vcpu();
    return view.getUint8(at + VCPU_INFO.evtchn_upcall_pending) !== 0;
  }

  /** @returns true when the guest is to be interrupted: the flag was clear and is set now */
  raise(port: number): boolean {
    const view = this.page.view();
    if (!testAndSet(view, SHARED_INFO.evtchn_pending, port)) return false;
    this.page.written();
    return !test(view, SHARED_INFO.evtchn_mask, port) && this.#select(port);
  }

  clear(port: number): void {
    testAndClear(this.page.view(), SHARED_INFO.evtchn_pending, port);
    this.page.written();
  }

  /** EVTCHNOP_unmask. @returns true when the guest is to be interrupted */
  unmask(port: number): boolean {
    const view = this.page.view();
    const wasMasked = testAndClear(view, SHARED_INFO.evtchn_mask, port);
    this.page.written();
    return wasMasked && test(view, SHARED_INFO.evtchn_pending, port) && this.#select(port);
  }

  isPending(port: number): boolean {
    return test(this.page.view(), SHARED_INFO.evtchn_pending, port);
  }

  isMasked(port: number): boolean {
    return test(this.page.view(), SHARED_INFO.evtchn_mask, port);
  }

  /**
   * VCPUOP_register_vcpu_info: the words move, and everything counts as pending so that nothing is lost.
   *
   * @returns false when it was moved before or does not lie in one frame of the guest's
   */
  moveVcpuInfo(gfn: number, offset: number): boolean {
    const free = this.#vcpuInfo === undefined && !this.#lost;
    if (!free || offset > PAGE_SIZE - VCPU_INFO_BYTES || offset & 3 || !this.#frames.isOwn(gfn)) return false;
    const [view, at] = this.#vcpu();
    const words = new Uint8Array(view.buffer, view.byteOffset + at, VCPU_INFO_BYTES).slice();
    this.#vcpuInfo = gfn * PAGE_SIZE + offset;
    this.#frames.bytes(gfn).set(words, offset);
    const [moved, to] = this.#vcpu();
    moved.setUint32(to + VCPU_INFO.evtchn_pending_sel, 0xffffffff, true);
    moved.setUint8(to + VCPU_INFO.evtchn_upcall_pending, 1);
    this.#frames.access.pageChanged(this.#vcpuInfo);
    return true;
  }

  /** The frame gets another use: words in it go on where the guest does not see them, as Xen's mapping of them does. */
  frameTaken(gfn: number): void {
    if (this.#vcpuInfo === undefined || this.#vcpuInfo >>> PAGE_SHIFT !== gfn) return;
    const [view, at] = this.#vcpu();
    this.#lost = new DataView(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + VCPU_INFO_BYTES));
    this.#vcpuInfo = undefined;
  }

  /** As after power-on. */
  reset(): void {
    this.page.reset();
    this.#vcpuInfo = undefined;
    this.#lost = undefined;
  }

  save(): unknown {
    const lost = this.#lost && [...new Uint8Array(this.#lost.buffer)];
    return { page: this.page.save(), vcpuInfo: this.#vcpuInfo, lost, upcalls: this.upcalls };
  }

  restore(state: unknown): void {
    const { page, vcpuInfo, lost, upcalls } = state as {
      page: Parameters<XenPage["restore"]>[0];
      vcpuInfo?: number;
      lost?: number[];
      upcalls: number;
    };
    this.page.restore(page);
    this.#vcpuInfo = vcpuInfo;
    this.#lost = lost && new DataView(Uint8Array.from(lost).buffer);
    this.upcalls = upcalls;
  }

  /** Sets a port's selector bit and, where it was clear, the flag. */
  #select(port: number): boolean {
    const [view, at] = this.#vcpu();
    const selected = !testAndSet(view, at + VCPU_INFO.evtchn_pending_sel, port >>> 5);
    const flag = at + VCPU_INFO.evtchn_upcall_pending;
    const raised = !selected && view.getUint8(flag) === 0;
    if (raised) {
      view.setUint8(flag, 1);
      this.upcalls++;
    }
    if (this.#vcpuInfo !== undefined) this.#frames.access.pageChanged(this.#vcpuInfo);
    else this.page.written();
    return raised;
  }

  /** Where vcpu_info is: its view and its offset in it. */
  #vcpu(): [DataView, number] {
    if (this.#lost) return [this.#lost, 0];
    if (this.#vcpuInfo === undefined) return [this.page.view(), SHARED_INFO.vcpu_info];
    const memory = this.#frames.access.memory();
    return [new DataView(memory.buffer, memory.byteOffset + this.#vcpuInfo, VCPU_INFO_BYTES), 0];
  }
}

const test = (view: DataView, words: number, bit: number): boolean =>
  ((view.getUint32(words + (bit >>> 5) * 4, true) >>> (bit & 31)) & 1) === 1;

/** @returns true when the bit was clear */
function testAndSet(view: DataView, words: number, bit: number): boolean {
  const at = words + (bit >>> 5) * 4;
  const word = view.getUint32(at, true);
  view.setUint32(at, word | (1 << (bit & 31)), true);
  return ((word >>> (bit & 31)) & 1) === 0;
}

/** @returns true when the bit was set */
function testAndClear(view: DataView, words: number, bit: number): boolean {
  const at = words + (bit >>> 5) * 4;
  const word = view.getUint32(at, true);
  view.setUint32(at, word & ~(1 << (bit & 31)), true);
  return ((word >>> (bit & 31)) & 1) === 1;
}
