/*
 * Decodes one instruction of the guest: what a kernel uses that traps, and what it stores with.
 * 32-bit addresses only. Intel SDM vol. 2, 2.1 (format) and appendix A (opcode maps).
 */
#include "hv.h"

#define MODRM 1u
#define IMM8 2u
#define IMM_OPERAND 4u /* 2 or 4 bytes, by operand size */
#define OFFSET 8u      /* a 32-bit address, as in MOV AL, moffs8 */
#define BYTE 16u       /* operates on bytes */
#define WORD 32u       /* operates on 16 bits, whatever the prefix */
#define KNOWN 64u
#define SYSTEM 128u    /* MOV CR, MOV DR: ModR/M names registers only, always 32 bits */

/* How a one-byte opcode goes on; 0 when it is not known here. */
static u32 one_byte_form(u32 op)
{
    u32 byte = op & 1 ? 0 : BYTE;

    if (op < 0x40 && (op & 7) < 4)
        return KNOWN | MODRM | byte; /* ADD … CMP */
    if (op < 0x40 && (op & 7) < 6)
        return KNOWN | byte | (op & 1 ? IMM_OPERAND : IMM8);
    switch (op) {
    case 0x50 ... 0x5F: case 0x90: case 0x9C: case 0x9D: case 0xCB: case 0xCC: case 0xCE: case 0xCF:
    case 0xF1: case 0xF4: case 0xFA: case 0xFB: case 0x06: case 0x07: case 0x0E: case 0x16: case 0x17: case 0x1E: case 0x1F:
        return KNOWN;
    case 0x6C ... 0x6F: case 0xA4: case 0xA5: case 0xAA: case 0xAB: case 0xEC ... 0xEF:
        return KNOWN | byte; /* INS, OUTS, MOVS, STOS, IN, OUT */
    case 0xE4 ... 0xE7:
        return KNOWN | byte | IMM8;
    case 0x80: case 0x82: case 0xC0: case 0xC1: case 0xC6:
        return KNOWN | MODRM | IMM8 | byte;
    case 0x83:
        return KNOWN | MODRM | IMM8;
    case 0x81: case 0xC7:
        return KNOWN | MODRM | IMM_OPERAND;
    case 0x84 ... 0x8B: case 0xD0 ... 0xD3: case 0xFE: case 0xFF:
        return KNOWN | MODRM | byte;
    case 0x8C: case 0x8E:
        return KNOWN | MODRM | WORD;
    case 0x8F:
        return KNOWN | MODRM;
    case 0xF6: case 0xF7: /* TEST alone has an immediate, and stores nothing */
        return KNOWN | MODRM | byte;
    case 0xA0 ... 0xA3:
        return KNOWN | OFFSET | byte;
    case 0xCD:
        return KNOWN | IMM8;
    }
    return 0;
}

static u32 two_byte_form(u32 op)
{
    switch (op) {
    case 0x00: case 0x01:
        return KNOWN | MODRM | WORD;
    case 0x20 ... 0x23:
        return KNOWN | MODRM | SYSTEM;
    case 0x06: case 0x08: case 0x09: case 0x30 ... 0x33: case 0xA1: case 0xA9: case 0x0B:
        return KNOWN;
    case 0xAB: case 0xB1: case 0xB3: case 0xBB: case 0xC1: case 0xC3:
        return KNOWN | MODRM;
    case 0xB0: case 0xC0:
        return KNOWN | MODRM | BYTE;
    case 0xBA:
        return KNOWN | MODRM | IMM8;
    }
    return 0;
}

/* EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI as instructions number them. */
u32 *reg_of(struct regs *regs, u32 number)
{
    return number == 4 ? &regs->esp : &regs->eax - number;
}

struct sixteen { u32 words[4]; };

/* As many as there are of the 15 bytes an instruction may have: from one page nearly always, or from two. */
static u32 fetch(struct domain *d, const struct regs *regs, u8 *bytes)
{
    u32 access = ACCESS_FETCH | (d->vcpu.cpl == 3 ? ACCESS_USER : 0);
    u32 first = PAGE_SIZE - (regs->eip & (PAGE_SIZE - 1));
    struct walk walk;

    guest_walk(d, regs->eip, access, &walk);
    if (walk.fault || !walk.bytes)
        return 0;
    if (first >= 16) {
        *(struct sixteen *)bytes = *(const struct sixteen *)walk.bytes;
        return 15;
    }
    memcpy(bytes, walk.bytes, first);
    guest_walk(d, regs->eip + first, access, &walk);
    if (walk.fault || !walk.bytes)
        return first;
    memcpy(bytes + first, walk.bytes, 16 - first);
    return 15;
}

static u32 read_immediate(const u8 *bytes, u32 size)
{
    if (size == 1)
        return (u32)(signed char)bytes[0];
    if (size == 2)
        return (u32)(short)(bytes[0] | bytes[1] << 8);
    return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16 | (u32)bytes[3] << 24;
}

/* ModR/M, SIB and displacement (SDM vol. 2, tables 2-2 and 2-3); returns the bytes they take. */
static u32 read_modrm(const struct regs *regs, struct insn *insn, const u8 *bytes)
{
    struct regs *r = (struct regs *)regs;
    u32 n = 1, base = bytes[0] & 7;

    insn->has_modrm = true;
    insn->mod = bytes[0] >> 6;
    insn->reg = bytes[0] >> 3 & 7;
    insn->rm = (u8)base;
    insn->ea = 0;
    if (insn->mod == 3)
        return n;
    if (base == 4) {
        u8 sib = bytes[n++];
        base = sib & 7;
        if ((sib >> 3 & 7) != 4)
            insn->ea = *reg_of(r, sib >> 3 & 7) << (sib >> 6);
    }
    if (base == 5 && insn->mod == 0) {
        insn->ea += read_immediate(bytes + n, 4);
        return n + 4;
    }
    insn->ea += *reg_of(r, base);
    if (insn->mod)
        insn->ea += read_immediate(bytes + n, insn->mod == 1 ? 1 : 4);
    return n + (insn->mod == 0 ? 0 : insn->mod == 1 ? 1 : 4);
}

/* Prefixes; false for a 16-bit address size. Segments are flat, LOCK has no meaning on one CPU. */
static bool read_prefixes(struct insn *insn, u32 *n)
{
    for (; *n < 14; ++*n) {
        u8 byte = insn->bytes[*n];
        switch (byte) {
        case 0x66:
            insn->operand = 2;
            break;
        case 0xF2: case 0xF3:
            insn->rep = byte;
            break;
        case 0xF0: case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x65:
            break;
        default:
            return byte != 0x67;
        }
    }
    return false;
}

bool decode(struct domain *d, const struct regs *regs, struct insn *insn)
{
    u32 n = 0, got, form;

    *insn = (struct insn){ .operand = 4 };
    got = fetch(d, regs, insn->bytes);
    trace_instruction(insn->bytes, got);
    if (!read_prefixes(insn, &n))
        return false;
    insn->opcode = insn->bytes[n++];
    if (insn->opcode == 0x0F) {
        insn->opcode = 0x0F00 | insn->bytes[n++];
        form = two_byte_form(insn->opcode & 0xFF);
    } else {
        form = one_byte_form(insn->opcode);
    }
    if (form & BYTE)
        insn->operand = 1;
    if (form & WORD)
        insn->operand = 2;
    if (form & SYSTEM)
        insn->operand = 4;
    if (form & MODRM)
        n += read_modrm(regs, insn, insn->bytes + n);
    if (form & OFFSET) {
        insn->ea = read_immediate(insn->bytes + n, 4);
        n += 4;
    }
    if (form & (IMM8 | IMM_OPERAND) && n < 15) {
        u32 size = form & IMM8 ? 1 : insn->operand;
        insn->imm = read_immediate(insn->bytes + n, size);
        n += size;
    }
    insn->length = n;
    if (!form || n > got)
        return false;
    trace_instruction(insn->bytes, n);
    return true;
}
