/*
 * What differs between a PC (real or emulated) and a paravirtual domain: the interrupt flag, waiting,
 * the interrupt controller, the end. A PV domain's interrupt flag is a word in the shared page: it
 * costs no exit to change, but whoever clears it must look for what arrived meanwhile.
 */
#include "kernel.h"

#define PIC1 0x20
#define PIC2 0xA0
#define IRQ_BASE 0x20
#define PIC_EOI 0x20

static u8 pic_mask[2] = { 0xFB, 0xFF }; /* IRQ 2 is the second PIC */

/* Intel 8259A: ICW1 to ICW4, edge triggered, cascaded at IRQ 2, then the mask. */
void machine_init(void)
{
    if (paravirtual())
        return;
    for (u32 i = 0; i < 2; i++) {
        u16 port = i ? PIC2 : PIC1;
        outb(port, 0x11);
        outb(port + 1, IRQ_BASE + 8 * i);
        outb(port + 1, i ? 2 : 4);
        outb(port + 1, 0x01);
        outb(port + 1, pic_mask[i]);
    }
}

void irq_enable(u32 irq, bool on)
{
    u8 bit = 1 << (irq & 7), *mask = &pic_mask[irq >> 3];
    *mask = on ? *mask & ~bit : *mask | bit;
    outb((irq >> 3 ? PIC2 : PIC1) + 1, *mask);
}

void irq_done(u32 irq)
{
    if (irq >= 8)
        outb(PIC2, PIC_EOI);
    outb(PIC1, PIC_EOI);
}

void interrupts_off(void)
{
    if (paravirtual())
        shared->upcall_mask = 1;
    else
        __asm__ volatile("cli" : : : "memory");
}

/* What became pending while the mask was set is delivered at the next exit, so we make one: a list of no updates. */
void interrupts_on(void)
{
    if (!paravirtual()) {
        __asm__ volatile("sti" : : : "memory");
        return;
    }
    shared->upcall_mask = 0;
    if (shared->upcall_pending)
        hypercall(HC_MMU_UPDATE, 0, 0, 0);
}

/* STI takes effect after the instruction that follows it, so no interrupt comes between the two (SDM vol. 2, STI). */
void interrupt_wait(void)
{
    if (paravirtual())
        hypercall(HC_BLOCK, 0, 0, 0);
    else
        __asm__ volatile("sti; hlt" : : : "memory");
}

/* The jump ends a translated block, so that an emulator's instruction counter is up to date at the OUT. */
void machine_mark(u32 n)
{
    if (paravirtual()) {
        hypercall(HC_MARK, n, 0, 0);
        return;
    }
    __asm__ volatile("jmp 1f\n1:" : : : "memory");
    outl(PORT_MARK, n);
}

void machine_end(u32 status)
{
    if (start.mode != MODE_NATIVE)
        hypercall(HC_EXIT, status, 0, 0);
    outl(PORT_END, status);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void panic(const char *why)
{
    interrupts_off();
    console_printf(0, "\nkernel panic: %s\n", why);
    machine_end(255);
}

u32 cpu_features(void)
{
    u32 eax = 1, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return edx;
}
