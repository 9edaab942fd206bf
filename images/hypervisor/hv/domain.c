/* Domains begin and end. */
#include "hv.h"

#define START_GPA 0x1000u
#define SHARED_GPA 0x2000u

struct frame frames[MACHINE_FRAMES];
static bool shut_down;

extern const u8 guest_image[], guest_image_end[];

/* Neighbours in guest-physical memory are strangers in the machine's: an odd factor permutes the upper half. */
static mfn_t scrambled(u32 domid, gfn_t gfn)
{
    return FIRST_GUEST_MFN + ((domid * DOMAIN_FRAMES + gfn) * 2657 + 1201) % (MACHINE_FRAMES - FIRST_GUEST_MFN);
}

static void give_frames(struct domain *d)
{
    d->nr_frames = DOMAIN_FRAMES;
    for (gfn_t gfn = 0; gfn < d->nr_frames; gfn++) {
        mfn_t mfn = scrambled(d->id, gfn);
        frames[mfn] = (struct frame){ .type = FRAME_WRITABLE, .owner = (u8)(d->id + 1), .gfn = (u16)gfn };
        d->mmu.p2m[gfn] = (u16)mfn;
        memset(machine(mfn << PAGE_SHIFT), 0, PAGE_SIZE);
    }
}

static void load_image(struct domain *d)
{
    u32 bytes = (u32)(guest_image_end - guest_image);

    for (u32 done = 0; done < bytes; done += PAGE_SIZE)
        memcpy(guest_memory(d, KERNEL_GPA + done), guest_image + done, bytes - done < PAGE_SIZE ? bytes - done : PAGE_SIZE);
}

/* What every guest is told, native or not. */
void fill_start_info(struct start_info *start, u32 mode, u32 role, u32 flags, u32 domid)
{
    const char *from = options.guest_line;

    memset(start, 0, sizeof *start);
    start->magic = START_MAGIC;
    start->mode = mode;
    start->role = role;
    start->flags = flags;
    start->domid = domid;
    start->nr_domains = options.domains;
    start->nr_frames = DOMAIN_FRAMES;
    start->kernel_end_gpa = KERNEL_GPA + (u32)(guest_image_end - guest_image);
    start->shared_gpa = SHARED_GPA;
    for (u32 i = 0; from[i] && i < sizeof start->command_line - 1; i++)
        start->command_line[i] = from[i];
}

static void first_registers(struct domain *d)
{
    bool pv = d->mmu.mode == MODE_PV;

    d->regs = (struct regs){
        .eip = pv ? GUEST_BASE + KERNEL_GPA : KERNEL_GPA, .eax = START_MAGIC, .ebx = START_GPA,
        .esp = (pv ? GUEST_BASE : 0) + KERNEL_GPA,
        .ds = GUEST_UDS, .es = GUEST_UDS, .fs = GUEST_UDS, .gs = GUEST_UDS,
    };
    d->vcpu.cr0 = CR0_PE | CR0_ET | (pv ? CR0_PG | CR0_WP : 0);
}

struct domain *domain_create(u32 mode, u32 role, u32 flags)
{
    struct domain *d = &domains[hv_info.nr_domains];

    d->id = hv_info.nr_domains++;
    d->role = role;
    d->flags = flags;
    d->mmu.mode = mode;
    d->mmu.oos = options.oos;
    d->weight = options.weight[d->id];
    d->cap = options.cap[d->id];
    d->state = RUN_READY;
    give_frames(d);
    load_image(d);
    d->start = guest_memory(d, START_GPA);
    d->shared = guest_memory(d, SHARED_GPA);
    d->shared->upcall_mask = 1;
    fill_start_info(d->start, mode, role, flags, d->id);
    platform_init(d);
    events_init(d);
    if (mode == MODE_PV)
        direct_init(d);
    else
        mmu_init(d);
    first_registers(d);
    return d;
}

/* Natively there is nothing but the guest: its image where it expects it, and a jump. */
void run_native(void)
{
    fill_start_info(machine(START_GPA), MODE_NATIVE, ROLE_SHELL, 0, 0);
    ((struct start_info *)machine(START_GPA))->nr_domains = 1;
    ((struct start_info *)machine(START_GPA))->hole_first = 0xA0; /* video memory and ROMs */
    ((struct start_info *)machine(START_GPA))->hole_end = 0x100;
    memset(machine(SHARED_GPA), 0, PAGE_SIZE);
    memcpy(machine(KERNEL_GPA), guest_image, (u32)(guest_image_end - guest_image));
    __asm__ volatile("jmp *%2" : : "a"(START_MAGIC), "b"(START_GPA), "r"(KERNEL_GPA));
}

/* What others still map of it is freed when they let go (reference_put). */
static void free_frames(struct domain *d)
{
    for (mfn_t mfn = FIRST_GUEST_MFN; mfn < MACHINE_FRAMES; mfn++)
        if (owns(d, mfn) && !frames[mfn].ref_count)
            frames[mfn] = (struct frame){ .type = FRAME_FREE };
}

void domain_kill(struct domain *d, enum kill why)
{
    static const char *const words[] = {
        "",
#define X(name, text) text,
        KILLS(X)
#undef X
    };
    static const char *const names[MAX_DOMAINS] = { "(hv) domain 0: ", "(hv) domain 1: ", "(hv) domain 2: " };

    if (d->state == RUN_DEAD)
        return;
    d->state = RUN_DEAD;
    shut_down |= d->id == 0 && why == KILL_EXIT;
    trace(STEP_KILL, d->id, why, 0);
    log_text(names[d->id]);
    log_text(words[why]);
    log_text(", code ");
    log_hex(d->exit_code);
    log_text(" at ");
    log_hex(guest_regs->eip);
    log_text("\n");
    events_release(d);
    if (d->mmu.mode == MODE_PV)
        direct_release(d);
    grants_release(d);
    if (d->mmu.mode != MODE_PV)
        mmu_release(d);
    free_frames(d);
}

/* Domain 0 has the console: when it ends itself, that is the end of the machine. A domain that is killed goes alone. */
bool machine_is_over(void)
{
    for (u32 i = 0; i < hv_info.nr_domains && !shut_down; i++)
        if (domains[i].state != RUN_DEAD)
            return false;
    return true;
}

void machine_end(void)
{
    if (hv_info.verify) {
        log_text("(hv) entries that were wrong: ");
        log_hex(hv_info.verify_faults);
        log_text("\n");
    }
    bell(BELL_END);
    outb(PORT_END, (u8)domains[0].exit_code);
    for (;;)
        __asm__ volatile("cli; hlt");
}
