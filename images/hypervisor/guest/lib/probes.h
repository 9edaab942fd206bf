/* Instructions that a deprivileged kernel should worry about; run in user mode and in the kernel by `rings`. */
#ifndef PROBES_H
#define PROBES_H
#include "lib.h"

struct probe { const char *name; u32 (*run)(void); };
extern const struct probe probes[];
extern u8 probe_gdtr[6]; /* what LGDT loads */

/* An instruction that may fault, and where to go on when it does. */
struct fixup { u32 from, to; };
extern const struct fixup fixups_start[], fixups_end[];
u32 fixup_for(u32 eip); /* 0: none */

bool read_guarded(u32 va, u32 *value); /* false: it faulted */
bool write_guarded(u32 va, u32 value);

#endif
