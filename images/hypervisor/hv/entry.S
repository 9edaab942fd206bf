/*
 * The way in and out: the only code that runs while a guest's address space is loaded. It is mapped at
 * HV_HOLE everywhere, read-only to the guest's kernel; the stack below holds nothing but the guest's own
 * registers, since the C code has a stack the guest cannot see.
 */
#include "selectors.h"

    .section .entry.text, "ax"
    .globl entry_stubs, start_guest

/* 256 stubs of 16 bytes: each makes up for the error code if the CPU pushes none (SDM vol. 3A, 6.15). */
entry_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
    .else
    push $0
    .endif
    pushl $vector
    jmp enter
    .set vector, vector + 1
    .endr

    .balign 16
enter:
    pusha
    push %ds
    push %es
    push %fs
    push %gs
    mov $HV_DS, %eax
    mov %eax, %ds
    mov %eax, %es
    cld
    mov $hv_directory, %eax
    mov %eax, %cr3
    mov %esp, %ebx          /* struct regs */
    testl $FLAG_VM, REGS_EFLAGS(%ebx)
    jnz 3f                  /* virtual-8086 mode (traps.c): CS is no selector */
    testl $3, REGS_CS(%ebx)
    jz 1f
3:  mov $hv_stack_top, %esp
    push %ebx
    mov $trap, %eax         /* far from here, so by register */
    call *%eax
leave:                      /* EAX: the directory the guest runs on */
    mov $entry_registers, %ebx
    mov %eax, %cr3
    jmp 2f
1:  push %ebx               /* the hypervisor itself was interrupted: the stack is its own */
    mov $trap_in_hypervisor, %eax
    call *%eax
2:  mov %ebx, %esp
    pop %gs
    pop %fs
    pop %es
    pop %ds
    popa
    add $8, %esp            /* vector, error code */
    iret

/* start_guest(directory): the first way out */
start_guest:
    mov 4(%esp), %eax
    jmp leave

/* The tables the CPU reads; written through the address they were loaded at (tables.c). */
    .section .entry.tables, "aw"
    .globl entry_idt, entry_gdt, entry_tss
entry_idt: .skip 256 * 8
entry_gdt: .skip GDT_BYTES
entry_tss: .skip TSS_BYTES

    .section .entry.stack, "aw"
    .globl entry_registers, entry_stack_top
    .skip 4096 - REGS_SIZE
entry_registers: .skip REGS_SIZE /* where every exit's struct regs comes to lie */
entry_stack_top:
