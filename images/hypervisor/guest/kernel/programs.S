# The user programs, page by page as they are mapped.
        .section .programs, "a"
        .balign 4096
        .globl programs_start, programs_end
programs_start:
        .incbin PROGRAMS_FILE
programs_end:
        .balign 4096
