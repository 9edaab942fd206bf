# The file's header (syscalls.h, struct program_header), the first instructions, system calls, fault handlers.
        .section .header, "a"
        .ascii "RSX1"
        .long start, text_end, data_end, bss_end

        .text
        .globl start
start:
        mov (%esp), %eax                 # argc
        lea 4(%esp), %edx                # argv
        xor %ebp, %ebp
        push %edx
        push %eax
        call main
        push %eax
        call exit

        # int system_call(u32 number, u32 a, u32 b, u32 c)
        .globl system_call
system_call:
        push %ebx
        mov 8(%esp), %eax
        mov 12(%esp), %ebx
        mov 16(%esp), %ecx
        mov 20(%esp), %edx
        int $0x80
        pop %ebx
        ret

        # Where onfault() sends us. Everything is as the fault left it when RET goes on at fault_frame.eip.
        .globl fault_entry
fault_entry:
        pushf
        pusha
        cld
        lea 36(%esp), %eax               # struct fault_frame
        push %eax
        call *fault_function
        add $4, %esp
        popa
        popf
        lea 12(%esp), %esp               # vector, error, address; LEA leaves the flags alone
        ret
