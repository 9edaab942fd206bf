/*
 * Event channels: an interrupt from one domain to another, one bit each in the shared page. Bits that are set
 * already stay set, so events merge as level-triggered interrupts do; the receiver looks at what they announce.
 */
#include "hv.h"

enum port_state { PORT_FREE, PORT_UNBOUND, PORT_BOUND, PORT_OURS };

static struct domain *living(u32 domid)
{
    return domid < MAX_DOMAINS && domains[domid].state != RUN_DEAD ? &domains[domid] : NULL;
}

static struct event_port *port_of(struct domain *d, u32 port)
{
    return port < COUNT(d->events) ? &d->events[port] : NULL;
}

void event_send(struct domain *to, u32 port)
{
    if (to->state == RUN_DEAD) return;
    to->shared->pending |= 1u << port;
    if (to->shared->masked & 1u << port) return;
    to->shared->upcall_pending = 1;
    wake(to);
}

/*
 * Asked again at every exit, from the bits themselves: a port unmasked after its event came is seen, too, and
 * so nothing is lost between unmasking and HC_BLOCK.
 */
bool events_pending(const struct domain *d)
{
    return (d->shared->pending & ~d->shared->masked) != 0;
}

static int allocate(struct domain *d, struct event_port contents)
{
    for (u32 port = EVENT_FIRST_FREE; port < COUNT(d->events); port++) {
        if (d->events[port].state != PORT_FREE) continue;
        d->events[port] = contents;
        d->shared->pending &= ~(1u << port);
        return (int)port;
    }
    return HV_ENOSPC;
}

/* Only the domain a port was offered to may bind it, and only once. */
static int bind(struct domain *d, u32 domid, u32 remote_port)
{
    struct domain *remote = living(domid);
    struct event_port *theirs = remote ? port_of(remote, remote_port) : NULL;
    if (!theirs || theirs->state != PORT_UNBOUND || theirs->remote != d->id) return refuse(REFUSE_CALL, domid, remote_port);
    int port = allocate(d, (struct event_port){PORT_BOUND, (u8)domid, (u8)remote_port, 0});
    if (port >= 0) *theirs = (struct event_port){PORT_BOUND, (u8)d->id, (u8)port, 0};
    return port;
}

static int send(struct domain *d, u32 port)
{
    const struct event_port *ours = port_of(d, port);
    if (!ours || ours->state != PORT_BOUND) return refuse(REFUSE_CALL, EVENT_SEND, port);
    event_send(&domains[ours->remote], ours->remote_port);
    trace(STEP_EVENT, d->id, ours->remote, ours->remote_port);
    return 0;
}

/* The other end can be bound again, by the same domain only. */
static int close(struct domain *d, u32 port)
{
    struct event_port *ours = port_of(d, port);
    if (!ours || (ours->state != PORT_BOUND && ours->state != PORT_UNBOUND)) return refuse(REFUSE_CALL, EVENT_CLOSE, port);
    if (ours->state == PORT_BOUND) domains[ours->remote].events[ours->remote_port].state = PORT_UNBOUND;
    *ours = (struct event_port){PORT_FREE, 0, 0, 0};
    return 0;
}

int event_op(struct domain *d, u32 op, u32 a, u32 b)
{
    switch (op) {
    case EVENT_ALLOC_UNBOUND:
        if (!living(a)) return refuse(REFUSE_CALL, op, a);
        return allocate(d, (struct event_port){PORT_UNBOUND, (u8)a, 0, 0});
    case EVENT_BIND: return bind(d, a, b);
    case EVENT_SEND: return send(d, a);
    case EVENT_CLOSE: return close(d, a);
    default: return refuse(REFUSE_CALL, op, a);
    }
}

void events_init(struct domain *d)
{
    d->events[EVENT_TIMER].state = PORT_OURS;
    d->events[EVENT_CONSOLE].state = PORT_OURS;
}

void events_release(struct domain *d)
{
    for (u32 port = EVENT_FIRST_FREE; port < COUNT(d->events); port++) {
        if (d->events[port].state != PORT_FREE) close(d, port);
    }
}
