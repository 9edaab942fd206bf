/*
 * The kernel's first instructions. The image is loaded at GPA KERNEL_GPA and linked at GUEST_BASE above
 * it. Without paging (every mode but PV) it starts at the lower address, so nothing may use a linked
 * address until the first tables are on: four megabytes, mapped both at 0 and at GUEST_BASE. A PV domain
 * starts at the higher address, on tables its hypervisor has built; which of the two it is, EIP tells.
 */
#define GUEST_BASE 0xC0000000
#define PTE_P_W 0x003
#define CR0_PG_WP 0x80010000

        .section .entry, "ax"
        .globl kernel_entry
kernel_entry:
        cld
        mov %ebx, %esi                   # GPA of start_info
        call 1f
1:      pop %edx
        cmp $GUEST_BASE, %edx
        jae high

        # The table: entry i maps frame i. The directory: that table in slots 0 and 768.
        mov $(first_table - GUEST_BASE), %edi
        mov $PTE_P_W, %eax
        mov $1024, %ecx
2:      mov %eax, (%edi)
        add $4, %edi
        add $4096, %eax
        loop 2b
        mov $(first_directory - GUEST_BASE), %edi
        movl $(first_table - GUEST_BASE + PTE_P_W), (%edi)
        movl $(first_table - GUEST_BASE + PTE_P_W), 768 * 4(%edi)
        mov %edi, %cr3
        mov %cr0, %eax
        or $CR0_PG_WP, %eax              # WP: copy-on-write must also stop the kernel's own stores
        mov %eax, %cr0
        mov $high, %eax
        jmp *%eax

high:   mov $boot_stack_top, %esp
        lea GUEST_BASE(%esi), %eax
        push %eax
        call kernel_start
        ud2

        .section .bss
        .balign 4096
        .globl first_directory, first_table
first_directory: .skip 4096
first_table:     .skip 4096
boot_stack:      .skip 4096
boot_stack_top:
        .globl switch_stack_top
                 .skip 1024
switch_stack_top:
