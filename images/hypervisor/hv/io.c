/* IN, OUT, INS and OUTS: ring 1 has no ports, so each is an exit to the emulated PC (platform.c). */
#include "hv.h"

#define FLAG_DF 0x400u
#define STRING_MAX 4096u /* elements in one exit; a longer REP faults again and goes on */

/* INS, OUTS. EIP stays while a REP is not through, so that a fault or an interrupt finds it restartable. */
static bool string_io(struct domain *d, struct regs *regs, const struct insn *insn)
{
    bool out = insn->opcode >= 0x6E;
    u32 size = insn->operand, step = regs->eflags & FLAG_DF ? -size : size;
    u32 count = insn->rep ? regs->ecx : 1, port = regs->edx & 0xFFFF, value = 0, done, fault = 0;

    for (done = 0; done < count && done < STRING_MAX; done++) {
        u32 *address = out ? &regs->esi : &regs->edi;
        value = out ? 0 : port_in(d, port, size);
        fault = out ? copy_from_guest(d, &value, *address, size) : copy_to_guest(d, *address, &value, size);
        if (fault)
            break;
        if (out)
            port_out(d, port, size, value);
        *address += step;
    }
    trace(out ? EXIT_IO_OUT : EXIT_IO_IN, port, done * size, value);
    regs->ecx -= insn->rep ? done : 0;
    if (fault)
        inject_page_fault(d, out ? regs->esi : regs->edi, fault);
    else if (done == count && d->state != RUN_DEAD)
        regs->eip += insn->length;
    return true;
}

bool emulate_io(struct domain *d, struct regs *regs, const struct insn *insn)
{
    bool out = insn->opcode & 2;
    u32 port = insn->opcode < 0xE8 ? insn->imm & 0xFF : regs->edx & 0xFFFF, size = insn->operand;
    u32 mask = size == 4 ? ~0u : (1u << 8 * size) - 1;

    if (insn->opcode < 0x70)
        return string_io(d, regs, insn);
    regs->eip += insn->length;
    if (out) {
        trace(EXIT_IO_OUT, port, size, regs->eax & mask);
        port_out(d, port, size, regs->eax & mask);
    } else {
        u32 value = port_in(d, port, size) & mask;
        trace(EXIT_IO_IN, port, size, value);
        regs->eax = (regs->eax & ~mask) | value;
    }
    return true;
}
