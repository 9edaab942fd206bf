/* What the labs run: hostile, stress, fuzz. */
#include "../lib/probes.h"
#include "user.h"

/* From ring 3, nothing from GUEST_BASE up can be read or written. */
static bool user_reaches(u32 *detail)
{
    static const u32 places[] = { 0xC0000000, 0xC0100000, 0xBFFFF000, 0xFFC00000, 0xFFC01000, 0xFFFFF000, 0x00800000 };
    u32 value;
    onfault(remember_fault);
    for (u32 i = 0; i < COUNT(places); i++) {
        *detail = places[i];
        if (read_guarded(places[i], &value) || write_guarded(places[i], value))
            return true;
    }
    *detail = COUNT(places);
    return false;
}

static u32 verdict(const char *what, bool went_through, u32 detail)
{
    printf("%-46s 0x%08x %s\n", what, detail, went_through ? "ACCEPTED" : "refused");
    return went_through;
}

/* hostile [<n>]: all attempts, or one of them (from 1) */
int main_hostile(int argc, char **argv)
{
    struct hostile_run run;
    u32 first = argc > 1 ? parse_number(argv[1]) - 1 : 0, through = 0, detail = 0;
    for (u32 i = first; system_call(SYS_hostile, i, (u32)&run, 0) == 0; i++) {
        through += verdict(run.what, run.went_through, run.detail);
        if (argc > 1)
            return through != 0;
    }
    if (argc > 1)
        return complain("hostile", argv[1], -ENOENT);
    bool reached = user_reaches(&detail);
    through += verdict("touch kernel and hypervisor from user mode", reached, detail);
    printf("went through: %u\n", through);
    return through != 0;
}

int main_crash(int argc, char **argv)
{
    (void)argc, (void)argv;
    return complain("crash", "still here", system_call(SYS_crash, 0, 0, 0));
}

/* stress <seed> <rounds> [<mask of operations>] */
int main_stress(int argc, char **argv)
{
    static const char *const names[] = {
#define X(name) #name,
        STRESS_OPERATIONS(X)
#undef X
    };
    static struct stress_run run;
    run.seed = argc > 1 ? parse_number(argv[1]) : 1;
    run.rounds = argc > 2 ? parse_number(argv[2]) : 10000;
    run.operations = argc > 3 ? parse_number(argv[3]) : ~0u;
    int error = system_call(SYS_stress, (u32)&run, 0, 0);
    if (error)
        return complain("stress", "run", error);
    printf("stress: seed=%u rounds=%u bad=%u checksum=%08x", run.seed, run.rounds, run.bad, run.checksum);
    for (u32 i = 0; i < STRESS_COUNT; i++)
        printf(" %s=%u", names[i], run.done[i]);
    printf("\n");
    return run.bad != 0;
}

/* fuzz <seed> <rounds> [<mask of kinds>|wild]. Not PAE unless asked: a shadowed domain is not shadowed any more afterwards. */
int main_fuzz(int argc, char **argv)
{
    static const char *const names[] = {
#define X(name) #name,
        FUZZ_KINDS(X)
#undef X
    };
    static struct fuzz_run run;
    run.seed = argc > 1 ? parse_number(argv[1]) : 1;
    run.rounds = argc > 2 ? parse_number(argv[2]) : 1000;
    run.wild = argc > 3 && strcmp(argv[3], "wild") == 0;
    run.kinds = argc > 3 && !run.wild ? parse_number(argv[3]) : ~(1u << FUZZ_pae);
    int error = system_call(SYS_fuzz, (u32)&run, 0, 0);
    if (error)
        return complain("fuzz", "run", error);
    printf("fuzz: seed=%u rounds=%u bad=%u accepted=%u", run.seed, run.rounds, run.bad, run.accepted);
    for (u32 i = 0; i < FUZZ_COUNT; i++)
        printf(" %s=%u", names[i], run.done[i]);
    printf("\n");
    return run.bad != 0;
}
