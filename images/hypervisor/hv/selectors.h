/* Numbers that assembly and C must agree on. The guest's selectors are in abi/guest.h. */
#ifndef SELECTORS_H
#define SELECTORS_H

/* Our own selectors. 0x08 to 0x23 are the guest's; kernel segments there have DPL 1. */
#define HV_CS 0x60
#define HV_DS 0x68
#define HV_TSS 0x70
#define GDT_BYTES 0x78
#define TSS_BYTES 104

#define FLAG_VM 0x20000
#define REGS_CS 60 /* offsets in struct regs */
#define REGS_EFLAGS 64
#define REGS_SIZE 76

#endif
