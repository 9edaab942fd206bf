/*
 * One function an instruction: what came back is in EAX. The first group are those that Popek and Goldberg
 * would not have liked: in user mode they neither do their work nor trap (Robin and Irvine, USENIX Security
 * 2000). The second group trap, as they should.
 *
 * Linked into the kernel and into the user programs; each has its own handler that looks into .fixups.
 */
        .macro may_fault from, to
        .section .fixups, "a"
        .long \from, \to
        .previous
        .endm

        .macro probe name, text
        .section .rodata
900:    .asciz "\text"
        .section .probes, "a"
        .long 900b, probe_\name
        .text
probe_\name:
        .endm

        # After a fault the answer is 0; who asked knows from the handler that there was one.
        .text
gave_up:
        xor %eax, %eax
        ret
gave_up_2:
        add $8, %esp
        jmp gave_up

        .section .probes, "a"
        .globl probes
probes:
        probe sgdt, "sgdt"
        sub $8, %esp
1:      sgdt (%esp)
        mov 2(%esp), %eax
        add $8, %esp
        ret
        may_fault 1b, gave_up_2

        probe sidt, "sidt"
        sub $8, %esp
1:      sidt (%esp)
        mov 2(%esp), %eax
        add $8, %esp
        ret
        may_fault 1b, gave_up_2

        probe sldt, "sldt"
        xor %eax, %eax
1:      sldt %eax
        ret
        may_fault 1b, gave_up

        probe str, "str"
        xor %eax, %eax
1:      str %eax
        ret
        may_fault 1b, gave_up

        probe smsw, "smsw"
1:      smsw %eax
        ret
        may_fault 1b, gave_up

        probe pushf, "pushf"
        pushf
        pop %eax
        ret

        probe popf, "popf (IF = 0)"      # what PUSHF shows after a POPF that clears IF
        pushf
        pushf
        andl $~0x200, (%esp)
        popf
        pushf
        pop %eax
        popf                             # back, where it can be
        ret

        probe lar, "lar $0x08"
        xor %eax, %eax
        mov $0x08, %ecx
        lar %ecx, %eax
        ret

        probe lsl, "lsl $0x08"
        xor %eax, %eax
        mov $0x08, %ecx
        lsl %ecx, %eax
        ret

        probe verr, "verr $0x10"         # 1: readable from here
        mov $0x10, %ecx
        verr %cx
        setz %al
        movzbl %al, %eax
        ret

        probe verw, "verw $0x10"
        mov $0x10, %ecx
        verw %cx
        setz %al
        movzbl %al, %eax
        ret

        probe mov_cs, "mov %cs"
        xor %eax, %eax
        mov %cs, %eax
        ret

        probe cpuid, "cpuid"
        push %ebx
        xor %eax, %eax
        cpuid
        mov %ebx, %eax
        pop %ebx
        ret

        probe cli, "cli"
1:      cli
        sti
        xor %eax, %eax
        ret
        may_fault 1b, gave_up

        probe hlt, "hlt"
1:      hlt
        xor %eax, %eax
        ret
        may_fault 1b, gave_up

        probe in, "in $0x61"
        xor %eax, %eax
1:      in $0x61, %al
        ret
        may_fault 1b, gave_up

        probe out, "out $0x80"
        xor %eax, %eax
1:      out %al, $0x80
        ret
        may_fault 1b, gave_up

        probe lgdt, "lgdt"
1:      lgdt probe_gdtr
        xor %eax, %eax
        ret
        may_fault 1b, gave_up

        probe read_cr0, "mov from %cr0"
1:      mov %cr0, %eax
        ret
        may_fault 1b, gave_up

        probe write_cr3, "mov to %cr3"
1:      mov %cr3, %eax
2:      mov %eax, %cr3
        ret
        may_fault 1b, gave_up
        may_fault 2b, gave_up

        probe invlpg, "invlpg"
1:      invlpg (%esp)
        xor %eax, %eax
        ret
        may_fault 1b, gave_up

        probe clts, "clts"
1:      clts
        xor %eax, %eax
        ret
        may_fault 1b, gave_up

        .section .probes, "a"
        .long 0, 0

        .data
        .globl probe_gdtr
probe_gdtr:
        .skip 6

        .text
        # bool read_guarded(u32 va, u32 *value)
        .globl read_guarded
read_guarded:
        mov 4(%esp), %edx
1:      mov (%edx), %ecx
        mov 8(%esp), %edx
        mov %ecx, (%edx)
        mov $1, %eax
        ret
        may_fault 1b, gave_up

        # bool write_guarded(u32 va, u32 value)
        .globl write_guarded
write_guarded:
        mov 4(%esp), %edx
        mov 8(%esp), %ecx
1:      mov %ecx, (%edx)
        mov $1, %eax
        ret
        may_fault 1b, gave_up
