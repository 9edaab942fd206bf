/*
 * Ways into the kernel and out of it, and the few instructions that may fault on purpose.
 *
 * DS and ES hold GUEST_UDS in user mode and in the kernel (as in Linux), so that a system call loads no
 * segment register. A user program may still have loaded something else; then, and only then, they are set.
 */
#define GUEST_UDS 0x23

        .text
        .macro vector number, error_code
vector_\number:
        .if !\error_code
        push $0
        .endif
        push $\number
        jmp trap_entry
        .endm

        # Intel SDM vol. 3A, table 6-1: 8, 10 to 14 and 17 push an error code
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19
        vector \n, 0
        .endr
        .irp n, 8, 10, 11, 12, 13, 14, 17
        vector \n, 1
        .endr
        .irp n, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 64, 128
        vector \n, 0
        .endr

        .section .rodata
        .globl trap_vectors              # struct { u32 number, entry; }, ended by an entry of 0
trap_vectors:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19
        .long \n, vector_\n
        .endr
        .irp n, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 64, 128
        .long \n, vector_\n
        .endr
        .long 0, 0

        .text
trap_entry:
        cld
        pusha
        mov %ds, %eax
        mov %es, %edx
        cmp $GUEST_UDS, %ax
        jne set_segments
        cmp $GUEST_UDS, %dx
        jne set_segments
call_trap:
        push %esp
        call trap
        add $4, %esp
        .globl trap_return
trap_return:
        popa
        add $8, %esp                     # vector and error code
        iret

set_segments:
        mov $GUEST_UDS, %eax
        mov %eax, %ds
        mov %eax, %es
        jmp call_trap

        # A new process arrives here from switch_stacks, its trap frame at ESP.
        .globl fork_return
fork_return:
        push %esp
        call process_first_run
        add $4, %esp
        jmp trap_return

        /*
         * void switch_stacks(u32 *save_esp, u32 esp, gfn_t directory)
         *
         * Every process has its kernel stack at the same address, so loading CR3 changes the memory under
         * ESP. An interrupt must never find ESP on the wrong one: while neither stack can be used we
         * stand on a third, which is the same in all address spaces. Interrupts stay on.
         */
        .globl switch_stacks
switch_stacks:
        mov 4(%esp), %eax
        mov 8(%esp), %edx
        mov 12(%esp), %ecx
        push %ebp
        push %ebx
        push %esi
        push %edi
        mov %esp, (%eax)
        mov %edx, %esi
        mov $switch_stack_top, %esp
        push %ecx
        mov pt, %eax
        call *16(%eax)                   # pt->load(directory)
        mov %esi, %esp
        pop %edi
        pop %esi
        pop %ebx
        pop %ebp
        ret

        # void enter_first(u32 esp): the first process starts from its trap frame.
        .globl enter_first
enter_first:
        mov 4(%esp), %esp
        mov $GUEST_UDS, %eax
        mov %eax, %ds
        mov %eax, %es
        jmp trap_return

        /* An instruction that may fault, and where to go on when it does (trap.c looks here). */
        .macro may_fault from, to
        .section .fixups, "a"
        .long \from, \to
        .previous
        .endm

        # u32 copy_bytes_guarded(void *to, const void *from, u32 bytes)
        .globl copy_bytes_guarded
copy_bytes_guarded:
        push %esi
        push %edi
        mov 12(%esp), %edi
        mov 16(%esp), %esi
        mov 20(%esp), %ecx
        mov %ecx, %edx
        shr $2, %ecx
        and $3, %edx
1:      rep movsl
        mov %edx, %ecx
2:      rep movsb
        xor %eax, %eax
        jmp 4f
3:      mov $1, %eax
4:      pop %edi
        pop %esi
        ret
        may_fault 1b, 3b
        may_fault 2b, 3b
