/*
 * The way in from the boot loader, the way into a ring and the way back.
 */
#define HV_DS 0x68

    .section .multiboot, "a"
    .align 4
    .long 0x1BADB002, 2, -(0x1BADB002 + 2)  /* Multiboot 0.6.96, 3.1.1: flag 2 asks for memory information */

    .text
    .global _start
_start:
    cli
    cld
    mov $boot_stack_top, %esp
    push $0
    popf
    push %ebx                               /* the loader's struct multiboot_info */
    call main
1:  cli
    hlt
    jmp 1b

/*
 * void enter(struct frame *): leaves for the state in the frame; returns when trap() says that the attempt is over.
 */
    .global enter
enter:
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov %esp, harness_esp
    mov 20(%esp), %esp
    jmp leave

/*
 * One stub a vector, 16 bytes each. Vectors 8, 10 to 14 and 17 come with an error code (Intel SDM vol. 3A, 6.13);
 * the others get a zero in its place.
 */
    .align 16
    .global stubs
stubs:
    .set vector, 0
    .rept 256
    .align 16
    .if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17))
    push $0
    .endif
    push $vector
    jmp trapped
    .set vector, vector + 1
    .endr

trapped:
    pusha
    push %ds
    push %es
    mov $HV_DS, %eax
    mov %eax, %ds
    mov %eax, %es
    cld
    push %esp
    call trap                               /* true: go on where it was */
    add $4, %esp
    test %eax, %eax
    jz over
leave:
    pop %es
    pop %ds
    popa
    add $8, %esp                            /* vector, error code */
    iret
over:
    mov harness_esp, %esp
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

    .bss
    .align 16
harness_esp:
    .skip 16
    .skip 16384
boot_stack_top:
