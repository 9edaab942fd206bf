/*
 * rings: each instruction of lib/probes.S in user mode and in the kernel. What traps can be emulated; what
 * comes back without a trap shows the program the real machine, or silently does nothing.
 */
#include "../lib/probes.h"
#include "user.h"

static struct probe_result caught;

void remember_fault(struct fault_frame *f)
{
    u32 to = fixup_for(f->eip);
    if (!to) {
        say(2, "unexpected fault %u at 0x%x, address 0x%x\n", f->vector, f->eip, f->address);
        exit(1);
    }
    caught = (struct probe_result){ 0x100 | f->vector, f->error, f->address };
    f->eip = to;
}

static const char *trap_name(u32 vector)
{
    return vector == 13 ? "#GP" : vector == 14 ? "#PF" : vector == 6 ? "#UD" : "another vector";
}

static void show(const struct probe_result *r)
{
    if (r->vector)
        printf("trapped: %-9s", trap_name(r->vector & 0xFF));
    else
        printf("0x%08x        ", r->value);
}

int main_rings(int argc, char **argv)
{
    (void)argc, (void)argv;
    onfault(remember_fault);
    printf("%-16s %-18s %s\n", "instruction", "user mode", "kernel");
    for (u32 i = 0; probes[i].name; i++) {
        struct probe_result kernel;
        caught.vector = 0;
        u32 value = probes[i].run();
        if (!caught.vector)
            caught.value = value;
        int error = system_call(SYS_probe, i, (u32)&kernel, 0);
        if (error)
            return complain("rings", probes[i].name, error);
        printf("%-16s ", probes[i].name);
        show(&caught);
        printf(" ");
        show(&kernel);
        printf("\n");
    }
    return 0;
}
