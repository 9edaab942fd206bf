/*
 * Stores the hypervisor executes for the guest, because their target is mapped read-only behind the
 * guest's back: a page table, the page of the TSS or IDT, or any read-only page while its CR0.WP is 0.
 */
#include "hv.h"

#define FLAGS_ARITHMETIC 0x8D5u /* OF, SF, ZF, AF, PF, CF */
#define FLAG_DF 0x400u

/* The numbers that opcodes 00 to 3F and 80 to 83 have for them, then our own. */
enum operation { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, INC, DEC, NOT, NEG, BTS, BTR, BTC };

/* The CPU computes value and flags. CF goes in first, for ADC and SBB, and since INC and DEC leave it. */
#define COMPUTE(instruction)                                                            \
    __asm__("btl $0, %1\n\t" instruction "\n\tpushfl\n\tpopl %1" : "+q"(a), "+r"(flags) : "q"(b) : "cc")
#define OPERATE(type, s)                                                                \
    static u32 operate_##type(enum operation operation, type a, type b, u32 *eflags)    \
    {                                                                                   \
        u32 flags = *eflags;                                                            \
        switch (operation) {                                                            \
        case ADD: COMPUTE("add" s " %2, %0"); break;                                    \
        case OR: COMPUTE("or" s " %2, %0"); break;                                      \
        case ADC: COMPUTE("adc" s " %2, %0"); break;                                    \
        case SBB: COMPUTE("sbb" s " %2, %0"); break;                                    \
        case AND: COMPUTE("and" s " %2, %0"); break;                                    \
        case SUB: case CMP: COMPUTE("sub" s " %2, %0"); break;                          \
        case XOR: COMPUTE("xor" s " %2, %0"); break;                                    \
        case INC: COMPUTE("inc" s " %0"); break;                                        \
        case DEC: COMPUTE("dec" s " %0"); break;                                        \
        case NEG: COMPUTE("neg" s " %0"); break;                                        \
        default: a = (type)~a;                                                          \
        }                                                                               \
        *eflags = (*eflags & ~FLAGS_ARITHMETIC) | (flags & FLAGS_ARITHMETIC);           \
        return a;                                                                       \
    }
OPERATE(u8, "b")
OPERATE(u16, "w")
OPERATE(u32, "l")

static u32 operate(enum operation operation, u32 size, u32 a, u32 b, u32 *eflags)
{
    if (operation >= BTS) {
        u32 bit = 1u << (b & (8 * size - 1));
        *eflags = (*eflags & ~1u) | (a & bit ? 1 : 0);
        return operation == BTS ? a | bit : operation == BTR ? a & ~bit : a ^ bit;
    }
    if (size == 1)
        return operate_u8(operation, (u8)a, (u8)b, eflags);
    if (size == 2)
        return operate_u16(operation, (u16)a, (u16)b, eflags);
    return operate_u32(operation, a, b, eflags);
}

static u32 mask_of(u32 size) { return size == 4 ? ~0u : (1u << 8 * size) - 1; }

/* AL … BH share the first four registers. */
static u32 get_register(struct regs *regs, u32 number, u32 size)
{
    u32 high = size == 1 && number >= 4;
    return (*reg_of(regs, high ? number - 4 : number) >> (high ? 8 : 0)) & mask_of(size);
}

static void set_register(struct regs *regs, u32 number, u32 size, u32 value)
{
    u32 high = size == 1 && number >= 4, shift = high ? 8 : 0;
    u32 *reg = reg_of(regs, high ? number - 4 : number);
    *reg = (*reg & ~(mask_of(size) << shift)) | (value & mask_of(size)) << shift;
}

/* The one or two aligned words that `size` bytes at `gva` lie in. */
struct place {
    gva_t gva;
    u32 size, words;
    struct walk walk[2];
};

/* Where it straddles pages the other one may not be the guest's to write. (PV: tables are read-only anyway.) */
static bool find(struct domain *d, gva_t gva, u32 size, struct place *place)
{
    u32 access = d->mmu.mode == MODE_PV ? 0 : ACCESS_WRITE | (d->vcpu.cpl == 3 ? ACCESS_USER : 0);

    place->gva = gva;
    place->size = size;
    place->words = (gva & 3) + size > 4 ? 2 : 1;
    for (u32 i = 0; i < place->words; i++) {
        guest_walk(d, (gva & ~3u) + 4 * i, access, &place->walk[i]);
        if (place->walk[i].fault || !place->walk[i].bytes)
            return false;
    }
    return true;
}

static u32 read(const struct place *place)
{
    u32 shift = 8 * (place->gva & 3), value = *(u32 *)place->walk[0].bytes >> shift;

    if (place->words == 2)
        value |= *(u32 *)place->walk[1].bytes << (32 - shift);
    return value & mask_of(place->size);
}

static bool write(struct domain *d, const struct place *place, u32 value)
{
    u32 mask = mask_of(place->size), shift = 8 * (place->gva & 3);

    for (u32 i = 0; i < place->words; i++) {
        const struct walk *walk = &place->walk[i];
        u32 word_mask = i ? mask >> (32 - shift) : mask << shift;
        u32 word_value = i ? value >> (32 - shift) : value << shift;
        u32 word = (*(u32 *)walk->bytes & ~word_mask) | (word_value & word_mask);
        if (d->mmu.mode != MODE_PV)
            mmu_store32(d, walk->gfn << PAGE_SHIFT | ((u32)walk->bytes & (PAGE_SIZE - 1)), word);
        else if (direct_update(d, machine_address(walk->bytes), word))
            return false;
    }
    return true;
}

/* STOS and MOVS, with REP as far as the page of the target goes. */
static enum store store_string(struct domain *d, struct regs *regs, const struct insn *insn)
{
    bool moves = insn->opcode < 0xA8;
    u32 size = insn->operand, step = regs->eflags & FLAG_DF ? -size : size;
    gva_t page = regs->edi >> PAGE_SHIFT;
    struct place place;

    do {
        u32 value = regs->eax, fault;
        if (insn->rep && !regs->ecx)
            break;
        if (moves && (fault = copy_from_guest(d, &value, regs->esi, size))) {
            inject_page_fault(d, regs->esi, fault);
            return STORE_FAULT;
        }
        if (!find(d, regs->edi, size, &place) || !write(d, &place, value))
            return STORE_UNKNOWN;
        regs->edi += step;
        regs->esi += moves ? step : 0;
        regs->ecx -= insn->rep ? 1 : 0;
    } while (insn->rep && regs->ecx && regs->edi >> PAGE_SHIFT == page);
    if (!insn->rep || !regs->ecx)
        regs->eip += insn->length;
    return STORE_DONE;
}

/* What an instruction that reads, changes and writes back its operand does; false when it is none. */
static bool modifies(struct regs *regs, const struct insn *insn, enum operation *operation, u32 *operand)
{
    u32 op = insn->opcode;

    *operand = get_register(regs, insn->reg, insn->operand);
    if (op < 0x38 && (op & 7) < 2) {
        *operation = op >> 3;
    } else if (op >= 0x80 && op <= 0x83 && insn->reg != CMP) {
        *operation = insn->reg;
        *operand = insn->imm;
    } else if ((op | 1) == 0xFF && insn->reg < 2) {
        *operation = insn->reg ? DEC : INC;
    } else if ((op | 1) == 0xF7 && (insn->reg == 2 || insn->reg == 3)) {
        *operation = insn->reg == 2 ? NOT : NEG;
    } else if (op == 0x0FAB || op == 0x0FB3 || op == 0x0FBB) {
        *operation = op == 0x0FAB ? BTS : op == 0x0FB3 ? BTR : BTC;
    } else if (op == 0x0FBA && insn->reg >= 5) {
        *operation = BTS + insn->reg - 5;
        *operand = insn->imm;
    } else {
        return false;
    }
    return true;
}

/* The value to store, given the `old` one; false for an instruction that is not known as a store. */
static bool new_value(struct regs *regs, const struct insn *insn, u32 old, u32 *value)
{
    u32 size = insn->operand, reg = get_register(regs, insn->reg, size), operand, compared;
    enum operation operation;

    switch (insn->opcode) {
    case 0x88: case 0x89: /* MOV */
        *value = reg;
        return true;
    case 0xA2: case 0xA3:
        *value = regs->eax;
        return true;
    case 0xC6: case 0xC7:
        *value = insn->imm;
        return insn->reg == 0;
    case 0x86: case 0x87: /* XCHG */
        set_register(regs, insn->reg, size, old);
        *value = reg;
        return true;
    case 0x0FC0: case 0x0FC1: /* XADD */
        *value = operate(ADD, size, old, reg, &regs->eflags);
        set_register(regs, insn->reg, size, old);
        return true;
    case 0x0FB0: case 0x0FB1: /* CMPXCHG writes its operand in either case */
        compared = regs->eax & mask_of(size);
        operate(CMP, size, compared, old, &regs->eflags);
        *value = compared == old ? reg : old;
        if (compared != old)
            set_register(regs, 0, size, old);
        return true;
    }
    if (!modifies(regs, insn, &operation, &operand))
        return false;
    *value = operate(operation, size, old, operand, &regs->eflags);
    return true;
}

enum store emulate_store(struct domain *d, struct regs *regs, gva_t gva)
{
    struct insn insn;
    struct regs before = *regs;
    struct place place;
    u32 value;
    gva_t target;

    if (!decode(d, regs, &insn))
        return STORE_UNKNOWN;
    if (insn.opcode == 0xA4 || insn.opcode == 0xA5 || insn.opcode == 0xAA || insn.opcode == 0xAB)
        return store_string(d, regs, &insn);
    if (insn.has_modrm && insn.mod == 3)
        return STORE_UNKNOWN;
    target = insn.ea;
    if (insn.opcode == 0x0FAB || insn.opcode == 0x0FB3 || insn.opcode == 0x0FBB) /* a bit string of any length */
        target += (u32)((int)*reg_of(regs, insn.reg) >> (insn.operand == 4 ? 5 : 4)) * insn.operand;
    if (gva - target >= insn.operand || !find(d, target, insn.operand, &place))
        return STORE_UNKNOWN;
    if (!new_value(regs, &insn, read(&place), &value) || !write(d, &place, value)) {
        *regs = before;
        return STORE_UNKNOWN;
    }
    regs->eip += insn.length;
    trace(STEP_EMULATE, insn.opcode, insn.length, 0);
    return STORE_DONE;
}
