/* The table of instructions that may fault. */
#include "probes.h"

u32 fixup_for(u32 eip)
{
    for (u32 i = 0; &fixups_start[i] < fixups_end; i++)
        if (fixups_start[i].from == eip)
            return fixups_start[i].to;
    return 0;
}
