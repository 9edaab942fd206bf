/*
 * Both ends of a shared ring (after Xen's public/io/ring.h). Domain 0 asks: it makes the page, grants it
 * to domain 1 and opens an event channel. Domain 1 answers. They find each other without a directory
 * service, because each uses the first grant and the first port that there are.
 *
 * Who produces says how far (req_prod, rsp_prod); who consumes says from where on it wants to be woken
 * (req_event, rsp_event). A notification is sent only when the producer passes that mark. Before it
 * sleeps, a consumer sets its mark and then looks once more: whatever came in between was not announced.
 *
 * When domain 0 ends it says so; domain 1 gives the page back, and then the grant can be revoked.
 */
#include "kernel.h"

#define FRONT_DOMAIN 0u
#define BACK_DOMAIN 1u
#define FIRST_GRANT 0u
#define BACK_IS_HERE 0 /* words of ring.pad */
#define FRONT_ENDS 1

static struct ring *ring;
static int port, grant;
static u32 asked, answered; /* our own indices: produced and consumed */
static volatile u32 upcalls;

#define barrier() __asm__ volatile("" : : : "memory")

void ring_upcall(u32 ports)
{
    if (!(ports >> EVENT_FIRST_FREE))
        return;
    upcalls++;
    wake(&upcalls);
}

/* Exercise: the last look before sleeping left out, and the other side given the moment in which it matters. */
static bool last_look_left_out(void)
{
    char number[4];
    return boot_text("bug", number, sizeof number) && parse_number(number) == 10;
}

/* Did going from `old` to `new` pass the mark the other side has set? */
static bool passed(u32 old, u32 new, u32 event)
{
    return new - event < new - old;
}

static void notify(void)
{
    hypercall(HC_EVENT, EVENT_SEND, port, 0);
}

/* ---- the side that asks ---- */

static int front_connect(void)
{
    gfn_t gfn = frame_alloc_zero();
    if (!gfn)
        return -ENOMEM;
    ring = frame_bytes(gfn);
    ring->req_event = ring->rsp_event = 1;
    grant = hypercall(HC_GRANT, GRANT_ACCESS, gfn << 8 | BACK_DOMAIN, 0);
    port = hypercall(HC_EVENT, EVENT_ALLOC_UNBOUND, BACK_DOMAIN, 0);
    return grant == FIRST_GRANT && port == EVENT_FIRST_FREE ? 0 : -ENODEV;
}

int ring_ready(void)
{
    int error = 0;
    if (start.domid != FRONT_DOMAIN || start.nr_domains < 2)
        return -ENODEV;
    if (!ring)
        error = front_connect();
    for (u32 i = 0; i < 200 && !error && !ring->pad[BACK_IS_HERE]; i++)
        error = sys_sleep(1, 0, 0);
    return error ? error : ring->pad[BACK_IS_HERE] ? 0 : -ENODEV;
}

static void ask(u32 until, u32 *notified)
{
    u32 before = asked;
    for (; asked != until; asked++)
        ring->slot[asked % RING_SLOTS] = (struct ring_slot){ asked, asked & 7, asked, 0 };
    barrier();
    ring->req_prod = asked;
    barrier();
    if (!passed(before, asked, ring->req_event))
        return;
    notify();
    ++*notified;
}

/* No more than the ring can hold: an index that says otherwise says nothing. */
static bool answers(void)
{
    return ring->rsp_prod - answered - 1 < RING_SLOTS;
}

static u32 take_answers(void)
{
    u32 bad = 0;
    for (; answers(); answered++) {
        barrier();
        struct ring_slot *slot = &ring->slot[answered % RING_SLOTS];
        bad += slot->id != answered || slot->result != 3 * slot->arg + slot->op;
    }
    return bad;
}

static int wait_for_answers(void)
{
    ring->rsp_event = answered + 1;
    barrier();
    return WAIT_UNTIL(&upcalls, answers());
}

int ring_run(struct io_run *run)
{
    int error = 0;
    u32 end = asked + run->count, before = upcalls;
    while (answered != end && !error) {
        u32 room = answered + run->depth, until = (int)(end - room) < 0 ? end : room;
        if (asked != until)
            ask(until, &run->notified);
        if (!answers())
            error = wait_for_answers();
        run->bad += take_answers();
    }
    run->interrupts = upcalls - before;
    return error;
}

bool ring_in_use(void)
{
    return ring && start.domid == FRONT_DOMAIN && ring->pad[BACK_IS_HERE];
}

/* Our indices and all slots hold anything; the other side is woken, and given time to believe it or not. */
bool ring_garble(u32 seed)
{
    u32 *slots = (u32 *)ring->slot;
    for (u32 i = 0; i < sizeof ring->slot / (sizeof *slots); i++)
        slots[i] = next_random(&seed) << 16 ^ next_random(&seed);
    ring->req_prod = seed & 1 ? next_random(&seed) : ring->rsp_prod + (seed >> 8) % (2 * RING_SLOTS);
    ring->rsp_event = next_random(&seed);
    barrier();
    notify();
    sys_sleep(1, 0, 0);
    asked = answered = ring->req_prod = ring->rsp_prod;
    struct io_run run = { IO_RING, 4, 4, 0, 0, 0, 0 };
    return ring_run(&run) == 0 && run.bad == 0;
}

/* While the other side maps the page its grant cannot be revoked; when it has let go, it must be possible. */
int ring_end(void)
{
    if (!ring || !ring->pad[BACK_IS_HERE])
        return 0;
    int early = hypercall(HC_GRANT, GRANT_END, grant, 0);
    ring->pad[FRONT_ENDS] = 1;
    notify();
    for (u32 i = 0; i < 200 && ring->pad[BACK_IS_HERE]; i++)
        sys_sleep(1, 0, 0);
    int late = hypercall(HC_GRANT, GRANT_END, grant, 0);
    hypercall(HC_EVENT, EVENT_CLOSE, port, 0);
    return early == HV_EBUSY && late == 0 ? 0 : -EBUSY;
}

/* ---- the side that answers ---- */

/* The granted page takes the place of one of our own frames: its machine frame (PV), or the whole of it. */
static bool back_map(gfn_t gfn)
{
    int got = hypercall(HC_GRANT, GRANT_MAP, FRONT_DOMAIN << 8 | FIRST_GRANT, gfn);
    if (got < 0)
        return false;
    if (paravirtual()) {
        pt->update((gva_t)frame_bytes(gfn), &table_bytes(kernel_table)[gfn],
            (u32)got << PAGE_SHIFT | PTE_P | PTE_W | PTE_A | PTE_D);
        pt->flush();
    }
    return true;
}

static void back_unmap(gfn_t gfn)
{
    if (paravirtual()) {
        pt->update((gva_t)frame_bytes(gfn), &table_bytes(kernel_table)[gfn],
            pte_make(gfn, PTE_P | PTE_W | PTE_A | PTE_D));
        pt->flush();
    }
    hypercall(HC_GRANT, GRANT_UNMAP, FRONT_DOMAIN << 8 | FIRST_GRANT, 0);
}

static gfn_t back_connect(void)
{
    gfn_t gfn = frame_alloc();
    while (!back_map(gfn))
        sys_sleep(2, 0, 0);
    while ((port = hypercall(HC_EVENT, EVENT_BIND, FRONT_DOMAIN, EVENT_FIRST_FREE)) < 0)
        sys_sleep(2, 0, 0);
    ring = frame_bytes(gfn);
    ring->pad[BACK_IS_HERE] = 1;
    return gfn;
}

static void back_disconnect(gfn_t gfn)
{
    ring->pad[BACK_IS_HERE] = 0;
    back_unmap(gfn);
    hypercall(HC_EVENT, EVENT_CLOSE, port, 0);
    frame_put(gfn);
}

/* The same caution: a producer that is too far ahead has produced nothing. */
static bool requests(void)
{
    return ring->req_prod - asked - 1 < RING_SLOTS;
}

/* Whatever the ring says, no more is done than it can hold, and no index of it is trusted twice. */
static void answer_all(void)
{
    u32 before = answered;
    for (u32 n = 0; requests() && n < RING_SLOTS; n++, asked++, answered++) {
        barrier();
        struct ring_slot request = ring->slot[asked % RING_SLOTS];
        request.result = 3 * request.arg + request.op;
        ring->slot[answered % RING_SLOTS] = request;
    }
    barrier();
    ring->rsp_prod = answered;
    barrier();
    if (passed(before, answered, ring->rsp_event))
        notify();
}

static void sleep_until_notified(void)
{
    u32 seen = upcalls;
    bool careless = last_look_left_out();
    if (careless)
        hypercall(HC_YIELD, 0, 0, 0);
    ring->req_event = asked + 1;
    barrier();
    if (careless || (!requests() && !ring->pad[FRONT_ENDS]))
        WAIT_UNTIL(&upcalls, upcalls != seen);
}

/* Without a tick: only a notification wakes it. */
int sys_serve(u32 a, u32 b, u32 c)
{
    (void)a, (void)b, (void)c;
    if (start.domid != BACK_DOMAIN)
        return -ENODEV;
    gfn_t gfn = back_connect();
    timer_enable(false);
    while (!current->killed && !ring->pad[FRONT_ENDS]) {
        while (requests())
            answer_all();
        sleep_until_notified();
    }
    timer_enable(true);
    back_disconnect(gfn);
    return current->killed ? -EINTR : 0;
}
