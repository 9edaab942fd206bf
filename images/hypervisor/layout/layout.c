/*
 * Where everything is that a probe reads. The compiler that builds the hypervisor builds this file from the
 * same headers; its section .layout is a list of fixed-size entries, which layout.mjs turns into layout.json.
 * No offset is written by hand anywhere. A probe wants one more field: add its name below.
 */
#include "../abi/guest.h"
#include "../abi/trace.h"
#include "../abi/types.h"
#include "../guest/syscalls.h"
#include "../hv/hv.h"

enum entry_kind { ENTRY_STRUCT = 1, ENTRY_FIELD, ENTRY_ENUM, ENTRY_CONSTANT };

struct entry {
    u32 kind;
    char of[24];    /* the struct or enum it belongs to */
    char name[32];
    char inner[24]; /* fields: the struct an element is, if it is one */
    char words[64]; /* enumerators: what a person calls it */
    u32 offset;     /* fields; enumerators and constants: the value */
    u32 size;       /* of one element, bytes; structs: of the whole */
    u32 count;      /* elements */
    u32 is_signed;
};

#define PASTE(a, b) a##b
#define UNIQUE(n) PASTE(entry_, n)
#define ENTRY(...) static const struct entry UNIQUE(__COUNTER__) __attribute__((used, section(".layout"), aligned(4))) = { __VA_ARGS__ };

#define MEMBER(s, f) (((struct s *)0)->f)
#define STRUCT(s) ENTRY(.kind = ENTRY_STRUCT, .of = #s, .size = sizeof(struct s))
#define FIELD(s, f)                                                                                  \
    ENTRY(.kind = ENTRY_FIELD, .of = #s, .name = #f, .offset = __builtin_offsetof(struct s, f),      \
          .size = sizeof MEMBER(s, f), .count = 1, .is_signed = _Generic(MEMBER(s, f), int: 1, default: 0))
#define ARRAY(s, f)                                                                                  \
    ENTRY(.kind = ENTRY_FIELD, .of = #s, .name = #f, .offset = __builtin_offsetof(struct s, f),      \
          .size = sizeof MEMBER(s, f)[0], .count = COUNT(MEMBER(s, f)))
#define INNER(s, f, type)                                                                            \
    ENTRY(.kind = ENTRY_FIELD, .of = #s, .name = #f, .inner = #type, .offset = __builtin_offsetof(struct s, f), \
          .size = sizeof(struct type), .count = sizeof MEMBER(s, f) / sizeof(struct type))

#define NAMED(e, n, w) ENTRY(.kind = ENTRY_ENUM, .of = #e, .name = #n, .words = w, .offset = n)
#define VALUE(e, n) NAMED(e, n, "")
#define CONSTANT(n) ENTRY(.kind = ENTRY_CONSTANT, .name = #n, .offset = n)

/* ---- structures ---- */

#define F(f) FIELD(hv_info, f)
STRUCT(hv_info)
F(magic) F(version) F(traced) F(trace) F(trace_count) F(exit_count)
F(domains) F(nr_domains) F(current) F(frames) F(nr_frames) F(shadows) F(nr_shadows)
F(verify) F(verify_entries) F(verify_faults) F(fault_kind) F(fault_where) F(fault_have) F(fault_want)
F(panic) F(mark)
ARRAY(hv_info, count) ARRAY(hv_info, instructions_hv)
#undef F

#define F(f) FIELD(trace_record, f)
STRUCT(trace_record)
F(seq) F(exit) F(kind) F(domain) F(vcpl) F(eip) F(error) F(entered) F(left) F(insn_length) F(vector)
ARRAY(trace_record, arg) ARRAY(trace_record, insn)
#undef F

#define F(f) FIELD(domain, f)
STRUCT(domain)
F(id) F(role) F(state) F(nr_frames) F(start) F(shared) F(weight) F(cap) F(credit) F(boosted) F(ran_ticks) F(exit_code)
INNER(domain, mmu, mmu) INNER(domain, vcpu, vcpu) INNER(domain, regs, regs)
INNER(domain, events, event_port) INNER(domain, grants, grant)
#undef F

#define F(f) FIELD(mmu, f)
STRUCT(mmu)
F(mode) F(oos) F(root) F(identity) F(vtlb_root) F(unsynced)
ARRAY(mmu, p2m) ARRAY(mmu, table) ARRAY(mmu, watched)
#undef F

#define F(f) FIELD(vcpu, f)
STRUCT(vcpu)
F(cr0) F(cr2) F(cr3) F(cr4) F(cpl) F(interrupts) F(sti_shadow) F(idt_base) F(idt_limit) F(gdt_base) F(gdt_limit)
F(tss_base) F(kernel_esp) F(kernel_ss) F(syscall_entry)
#undef F

#define F(f) FIELD(regs, f)
STRUCT(regs)
F(gs) F(fs) F(es) F(ds) F(edi) F(esi) F(ebp) F(ebx) F(edx) F(ecx) F(eax)
F(vector) F(error) F(eip) F(cs) F(eflags) F(esp) F(ss)
#undef F

#define F(f) FIELD(frame, f)
STRUCT(frame)
F(type) F(owner) F(pinned) F(type_count) F(ref_count) F(gfn) F(rmap)
#undef F

#define F(f) FIELD(shadow, f)
STRUCT(shadow)
F(kind) F(domain) F(unsync) F(flood) F(gfn) F(refs) F(mfn) F(copy) F(used)
#undef F

#define F(f) FIELD(event_port, f)
STRUCT(event_port)
F(state) F(remote) F(remote_port)
#undef F

#define F(f) FIELD(grant, f)
STRUCT(grant)
F(used) F(mfn) F(to) F(read_only) F(maps) F(entries) F(gfn)
#undef F

#define F(f) FIELD(start_info, f)
STRUCT(start_info)
F(magic) F(mode) F(flags) F(role) F(domid) F(nr_domains) F(nr_frames) F(hole_first) F(hole_end) F(kernel_end_gpa)
F(shared_gpa) F(pt_gpa) F(nr_pt_frames) F(p2m_gpa)
ARRAY(start_info, command_line)
#undef F

#define F(f) FIELD(shared_info, f)
STRUCT(shared_info)
F(upcall_mask) F(upcall_pending) F(pending) F(masked) F(cr2) F(ticks) F(done)
#undef F

#define F(f) FIELD(ring, f)
STRUCT(ring)
F(req_prod) F(req_event) F(rsp_prod) F(rsp_event)
INNER(ring, slot, ring_slot)
#undef F

#define F(f) FIELD(ring_slot, f)
STRUCT(ring_slot)
F(id) F(op) F(arg) F(result)
#undef F

/* ---- enumerations ---- */

#define X(n, w) NAMED(exit_reason, n, w)
EXIT_REASONS(X)
#undef X
#define X(n, w) NAMED(trace_step, n, w)
TRACE_STEPS(X)
#undef X
#define X(n, w) NAMED(refusal, n, w)
REFUSALS(X)
#undef X
#define X(n, w) NAMED(kill, n, w)
KILLS(X)
#undef X
#define X(n, w) NAMED(fault, n, w)
FAULTS(X)
#undef X

#define V(n) VALUE(hidden, n)
V(HIDDEN_NOT_SHADOWED) V(HIDDEN_NO_ENTRY) V(HIDDEN_FIRST_WRITE) V(HIDDEN_STALE)
#undef V
#define V(n) VALUE(unshadow, n)
V(UNSHADOW_FLOOD) V(UNSHADOW_ODD_STORE) V(UNSHADOW_POOL)
#undef V
#define V(n) VALUE(mmu_mode, n)
V(MODE_NATIVE) V(MODE_SHADOW) V(MODE_VTLB) V(MODE_PV)
#undef V
#define V(n) VALUE(shadow_kind, n)
V(SHADOW_NONE) V(SHADOW_L1) V(SHADOW_L2) V(SHADOW_LARGE) V(SHADOW_VTLB_L1) V(SHADOW_VTLB_L2) V(SHADOW_IDENTITY)
#undef V
#define V(n) VALUE(frame_type, n)
V(FRAME_FREE) V(FRAME_WRITABLE) V(FRAME_L1) V(FRAME_L2) V(FRAME_HV) V(FRAME_SHADOW)
#undef V
#define V(n) VALUE(run_state, n)
V(RUN_DEAD) V(RUN_READY) V(RUN_BLOCKED)
#undef V
#define V(n) VALUE(domain_role, n)
V(ROLE_SHELL) V(ROLE_BACKEND) V(ROLE_SPIN)
#undef V
#define V(n) VALUE(bell, n)
V(BELL_EXIT) V(BELL_IDLE) V(BELL_END) V(BELL_PANIC) V(BELL_CLOCK_STOP) V(BELL_CLOCK_GO) V(BELL_CLOCK_STOP) V(BELL_CLOCK_GO)
#undef V

/* number k puts its work between the marks 2k and 2k + 1 */
enum {
    BENCH_NONE,
#define X(name) BENCH_##name,
    BENCHMARKS(X)
#undef X
};
#define X(n) ENTRY(.kind = ENTRY_ENUM, .of = "benchmark", .name = #n, .offset = BENCH_##n)
BENCHMARKS(X)
#undef X
#define V(n) VALUE(hypercall, n)
V(HC_MMU_UPDATE) V(HC_UPDATE_VA) V(HC_MMUEXT) V(HC_MULTICALL) V(HC_SET_TRAPS) V(HC_STACK_SWITCH) V(HC_IRET)
V(HC_CONSOLE_WRITE) V(HC_CONSOLE_READ) V(HC_BLOCK) V(HC_YIELD) V(HC_EXIT) V(HC_SET_TIMER) V(HC_EVENT) V(HC_GRANT)
V(HC_MARK) V(HC_SCHED)
#undef V
#define V(n) VALUE(grant_op, n)
V(GRANT_ACCESS) V(GRANT_END) V(GRANT_MAP) V(GRANT_UNMAP)
#undef V
#define V(n) VALUE(bug, n)
V(BUG_NONE) V(BUG_SKIPPED_RESYNC) V(BUG_NO_PROTECT_FLUSH) V(BUG_LOST_WAKEUP) V(BUG_DIRTY_LOST) V(BUG_EARLY_WRITABLE)
V(BUG_MISSING_REFCOUNT) V(BUG_STALE_CR3) V(BUG_USER_BIT) V(BUG_GRANT_AFTER_REVOKE) V(BUG_RING_NO_EVENT_CHECK)
#undef V

/* ---- constants ---- */

CONSTANT(HV_INFO_MAGIC) CONSTANT(START_MAGIC) CONSTANT(TRACE_RECORDS) CONSTANT(RING_SLOTS)
CONSTANT(HV_HOLE) CONSTANT(HV_SLOT) CONSTANT(GUEST_BASE) CONSTANT(KERNEL_GPA)
CONSTANT(MACHINE_FRAMES) CONSTANT(DOMAIN_FRAMES) CONSTANT(FIRST_GUEST_MFN) CONSTANT(NR_SHADOWS) CONSTANT(MAX_DOMAINS)
CONSTANT(BUG_COUNT) CONSTANT(TRACE_STEPS_START) CONSTANT(TRACE_KINDS)
CONSTANT(PORT_DOORBELL) CONSTANT(PORT_INFO) CONSTANT(PORT_MARK) CONSTANT(PORT_END)
CONSTANT(HYPERCALL_VECTOR) CONSTANT(EVENT_VECTOR) CONSTANT(SYSCALL_VECTOR)
