/* tables.c: what traps.c changes in the CPU's tables as guests come and go. */
#ifndef TABLES_H
#define TABLES_H
#include "hv.h"

void segments_init(void);
void tables_init(void);
void set_syscall_gate(u32 handler);
void set_user_code_dpl(u32 dpl);
bool has_watcher(void); /* trace.c: we run in the emulator */
void set_kernel_stack_pointer(u32 esp);
void entry_stack_clear(void);
void start_guest(ma_t directory) __attribute__((noreturn)); /* entry.S */

#endif
