/*
 * The ROM a Ringside machine starts with: 64 KiB that stand where a PC has its BIOS.
 *
 * The host has put everything into memory already (src/machine/boot.ts): the kernel at 1 MiB, the
 * initramfs high up, boot_params at 0x90000, the command line at 0x91000. What is left for code that runs
 * inside is small: leave real mode, and wire the interrupts of the PCI slots.
 *
 * The processor starts at F000:FFF0 (Intel SDM vol. 3A, 9.1.4), which is why the last line is the first.
 */

BOOT_PARAMS = 0x90000
KERNEL      = 0x100000
ROM         = 0xf0000   /* linear address of our first byte */

BOOT_FLAG   = 0x1fe     /* in boot_params; 0xaa55 (Documentation/x86/boot.rst) */

CODE_SELECTOR = 0x10    /* the two the 32-bit boot protocol asks for: __BOOT_CS, __BOOT_DS */
DATA_SELECTOR = 0x18

PIIX3_SLOT  = 1
SLOTS       = 31        /* 1 to 31 of PCI bus 0 */

        .code16

/*
 * The PCI IRQ routing table ("$PIR", PCI BIOS 2.1), which Linux finds by its signature on a 16-byte
 * boundary. It says how the four interrupt pins of each slot reach the four inputs of the PIIX3's
 * router, registers 0x60 to 0x63 of its function 0: turned by one from slot to slot, so that cards in
 * neighbouring slots do not share.
 *
 * Its bytes add up to 0; `sum` keeps count of them, and the checksum at offset 31 is known at the end.
 */
        .set sum, 0
        .macro table_byte value
        .byte (\value) & 0xff
        .set sum, sum + ((\value) & 0xff)
        .endm
        .macro table_word value
        table_byte (\value)
        table_byte ((\value) >> 8)
        .endm

        table_word 0x5024                       /* "$P" */
        table_word 0x5249                       /* "IR" */
        table_word 0x0100                       /* version 1.0 */
        table_word (32 + 16 * SLOTS)            /* size */
        table_byte 0                            /* the router: bus 0 … */
        table_byte (PIIX3_SLOT << 3)            /* … device 1, function 0 */
        table_word 0                            /* no interrupt is kept for PCI alone */
        table_word 0x8086                       /* the router is programmed like Intel's … */
        table_word 0x7000                       /* … PIIX3 (82371SB) */
        .fill 4, 1, 0                           /* nothing more to know about it */
        .fill 11, 1, 0                          /* reserved */
        .byte checksum

        .macro pin slot, number
        table_byte (0x60 + (((\slot) + (\number) - 1) & 3))
        table_word 0xdef8                       /* may be wired to IRQ 3-7, 9-12, 14, 15 */
        .endm

        .set slot, 1
        .rept SLOTS
        table_byte 0                            /* bus */
        table_byte (slot << 3)                  /* device */
        pin slot, 0
        pin slot, 1
        pin slot, 2
        pin slot, 3
        table_byte 0                            /* soldered on the board: no slot number */
        table_byte 0
        .set slot, slot + 1
        .endr
        .set checksum, -sum & 0xff

        .org 0xf000
start:
        cli
        cld

        /*
         * A kernel in memory starts once: running has changed it. So the first start takes the boot flag
         * away, and a machine that comes here again (a reset) stops, for the host to load it anew.
         */
        movw $(BOOT_PARAMS >> 4), %ax
        movw %ax, %ds
        cmpw $0xaa55, BOOT_FLAG
        jne stop
        movw $0, BOOT_FLAG

        /*
         * The router's inputs A and B to IRQ 10, C and D to 11: bytes 0x60 to 0x63 of the PIIX3's
         * configuration, reached through ports 0xcf8 (address) and 0xcfc (data).
         */
        movl $(0x80000000 | PIIX3_SLOT << 11 | 0x60), %eax
        movw $0xcf8, %dx
        outl %eax, %dx
        movl $0x0b0b0a0a, %eax
        movw $0xcfc, %dx
        outl %eax, %dx

        /* Into 32-bit protected mode, flat segments (SDM vol. 3A, 9.9.1). */
        movw %cs, %ax
        movw %ax, %ds
        lgdtl gdt_pointer
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmpl $CODE_SELECTOR, $(ROM + protected)

stop:
        hlt
        jmp stop

        .code32
protected:
        movl $DATA_SELECTOR, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movl %eax, %ss

        /* "32-bit Boot Protocol": %esi holds boot_params; %ebp, %edi and %ebx are zero. */
        movl $BOOT_PARAMS, %esi
        xorl %ebp, %ebp
        xorl %edi, %edi
        xorl %ebx, %ebx
        movl $KERNEL, %eax
        jmp *%eax

        .balign 8
gdt:
        .quad 0
        .quad 0
        .quad 0x00cf9a000000ffff                /* 0 to 4 GiB, execute and read */
        .quad 0x00cf92000000ffff                /* 0 to 4 GiB, read and write */
gdt_pointer:
        .word . - gdt - 1
        .long ROM + gdt

        .org 0xfff0
        .code16
        ljmp $(ROM >> 4), $start
        .org 0x10000
