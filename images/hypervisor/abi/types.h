/* Fixed-width types, and the kinds of address a hypervisor must never mix up. */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

typedef u32 gva_t; /* guest-virtual address, bytes */
typedef u32 gpa_t; /* guest-physical address, bytes */
typedef u32 gfn_t; /* guest frame number: gpa >> 12 */
typedef u32 ma_t;  /* machine address, bytes */
typedef u32 mfn_t; /* machine frame number: ma >> 12 */

#define PAGE_SIZE 4096u
#define PAGE_SHIFT 12
#define PAGE_ENTRIES 1024u

/* Page-table entry bits (Intel SDM vol. 3A, 4.3, tables 4-4 to 4-6). */
#define PTE_P 0x001u   /* present */
#define PTE_W 0x002u   /* writable */
#define PTE_U 0x004u   /* user */
#define PTE_PWT 0x008u /* write-through; no meaning here, kept as the guest set it */
#define PTE_PCD 0x010u /* cache disable; likewise */
#define PTE_A 0x020u   /* accessed */
#define PTE_D 0x040u   /* dirty (leaf entries) */
#define PTE_PS 0x080u  /* 4 MB page (directory entries, CR4.PSE) */
#define PTE_G 0x100u   /* global (leaf entries, CR4.PGE) */
#define PTE_FRAME 0xFFFFF000u

#define CR0_PE 0x00000001u
#define CR0_ET 0x00000010u /* always 1 */
#define CR0_WP 0x00010000u
#define CR0_PG 0x80000000u
#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define CR4_PGE 0x80u

#define FLAG_IF 0x200u

#endif
