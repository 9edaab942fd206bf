/* The multiboot 1 header (GNU multiboot specification 0.6.96, 3.1), and the first instructions. */
#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 2 /* memory information wanted */

    .section .multiboot, "a"
    .balign 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .text
    .globl _start
_start:                     /* 32-bit, flat, paging off; EBX: multiboot information */
    cli
    cld
    mov $hv_stack_top, %esp
    push %ebx
    call main

/* The guest's kernel, as every domain gets it. */
    .section .rodata
    .globl guest_image, guest_image_end
    .balign 4
guest_image: .incbin "guest.bin"
guest_image_end:

    .bss
    .balign 4096
    .globl hv_directory, hv_stack_top
hv_directory: .skip 4096
    .skip 16384
hv_stack_top:
