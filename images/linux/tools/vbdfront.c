/*
 * vbdfront: the least that a block frontend is, in user space, one step at a time.
 *
 * Linux's own frontend does all of this in drivers/block/xen-blkfront.c. Here a person does it: grants the
 * ring's page, makes the event channel, writes both and the states into xenstore with xenstore-write, and
 * then puts a request into the ring, sends the event and takes the response.
 *
 * What was granted and bound is gone when its owner closes it, so a process in the background owns it all
 * between two commands, from "grant" to "end". Commands reach it by a socket.
 *
 *   xen/include/public/io/ring.h   indices, notifications
 *   xen/include/public/io/blkif.h  requests and responses
 *   xen/include/public/io/xs_wire.h  the one message we send to xenstore
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
typedef uint16_t domid_t; /* evtchn.h names it and no header for programs has it */
#include <xen/evtchn.h>
#include <xen/gntalloc.h>

static const char usage[] =
    "usage: vbdfront COMMAND\n"
    "  grant DEVICE   allocates the ring's page and grants it to the backend of DEVICE (device/vbd/NUMBER in\n"
    "                 xenstore); prints the ring-ref\n"
    "  channel        allocates an event channel for the backend; prints the event-channel\n"
    "  put SECTOR     puts a request to read one sector into the ring\n"
    "  kick           sends the event\n"
    "  take           waits for a response and prints it, and the first 64 bytes that were read\n"
    "  read SECTOR    put, kick where the ring asks for it, take\n"
    "  show           the ring's indices\n"
    "  end            gives everything back\n";

#define PAGE 4096
#define SECTOR 512
#define SHOWN 64          /* bytes of a sector that are printed */
#define PATIENCE_MS 5000  /* for a response */
#define ANSWER 4096       /* bytes of text a command may print */

/* A request and a response as protocol "x86_32-abi" has them: 64-bit fields at multiples of four. */
#define ABI __attribute__((packed, aligned(4)))
struct segment {
    uint32_t gref;
    uint8_t first_sect, last_sect;  /* within the granted page, both included */
    uint16_t pad;
};
struct request {
    uint8_t operation, nr_segments;
    uint16_t handle;
    uint64_t id;
    uint64_t sector_number;
    struct segment seg[11];
} ABI;
struct response {
    uint64_t id;
    uint8_t operation, pad;
    int16_t status;
} ABI;
enum { BLKIF_OP_READ = 0 };
enum { BLKIF_RSP_OKAY = 0, BLKIF_RSP_ERROR = -1, BLKIF_RSP_EOPNOTSUPP = -2 };

/* struct blkif_sring: as many slots as a power of two allows in what the indices leave of the page. */
#define SLOTS 32
struct ring {
    volatile uint32_t req_prod, req_event, rsp_prod, rsp_event;
    uint8_t pad[48];
    union {
        struct request request;
        struct response response;
    } slot[SLOTS];
};
_Static_assert(sizeof(struct request) == 108 && sizeof(struct response) == 12, "blkif.h, x86_32-abi");
_Static_assert(sizeof(struct ring) <= PAGE, "ring.h: one page");

/* What the background process owns. */
static struct {
    int gntalloc, evtchn;            /* 0: not open yet */
    uint16_t backend, handle;
    struct ring *ring;
    uint8_t *data;                   /* the page a request names */
    uint32_t ring_ref, data_ref, port;
    uint32_t req_prod_pvt, rsp_cons; /* ours alone; the shared page has the others */
    int notify;                      /* a request was put that the backend wants to hear of */
} front;

static char answer[ANSWER];
static size_t answered;

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(answer + answered, sizeof answer - answered, format, arguments);
    va_end(arguments);
    if (size > 0) answered += (size_t)size < sizeof answer - answered ? (size_t)size : sizeof answer - answered - 1;
}

/* Says what went wrong; for "return fail(…)". */
static int fail(const char *what)
{
    say("vbdfront: %s: %s\n", what, strerror(errno));
    return 1;
}

static int refuse(const char *sentence)
{
    say("vbdfront: %s\n", sentence);
    return 1;
}

/* Reads a key of xenstore as a number. The header is struct xsd_sockmsg: type, request, transaction, length. */
static int read_key(const char *path, unsigned *value)
{
    enum { XS_READ = 2 };
    uint32_t header[4] = { XS_READ, 0, 0, strlen(path) + 1 };
    char text[32];
    int store = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
    if (store < 0) return fail("/dev/xen/xenbus");
    int sent = write(store, header, sizeof header) == sizeof header && write(store, path, header[3]) == (ssize_t)header[3];
    int came = sent && read(store, header, sizeof header) == sizeof header && header[3] < sizeof text
        && read(store, text, header[3]) == (ssize_t)header[3];
    close(store);
    if (!came) return fail(path);
    text[header[3]] = 0;
    if (header[0] != XS_READ) {
        say("vbdfront: xenstore says %s to %s\n", text, path);
        return 1;
    }
    *value = strtoul(text, NULL, 10);
    return 0;
}

/* Allocates a page of our own and grants it to the backend, which may write to it. */
static void *grant_page(uint32_t *reference)
{
    struct ioctl_gntalloc_alloc_gref alloc = { .domid = front.backend, .flags = GNTALLOC_FLAG_WRITABLE, .count = 1 };
    if (ioctl(front.gntalloc, IOCTL_GNTALLOC_ALLOC_GREF, &alloc)) return NULL;
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, front.gntalloc, alloc.index);
    if (page == MAP_FAILED) return NULL;
    *reference = alloc.gref_ids[0];
    return page;
}

static int command_grant(const char *device)
{
    char path[128];
    unsigned backend = 0, handle;
    if (front.ring) return refuse("the ring is granted already; vbdfront end gives it back");
    if (sscanf(device, "device/vbd/%u", &handle) != 1) return refuse("a device is named device/vbd/NUMBER");
    snprintf(path, sizeof path, "%.100s/backend-id", device);
    if (read_key(path, &backend)) return 1;
    front.backend = backend;
    front.handle = handle;
    front.gntalloc = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
    if (front.gntalloc < 0) return fail("/dev/xen/gntalloc");
    front.ring = grant_page(&front.ring_ref);
    front.data = front.ring ? grant_page(&front.data_ref) : NULL;
    if (!front.data) return fail("a grant");
    /* SHARED_RING_INIT: each side is to be told of the other's first word. */
    memset(front.ring, 0, PAGE);
    front.ring->req_event = front.ring->rsp_event = 1;
    say("ring-ref=%u\n", front.ring_ref);
    return 0;
}

static int command_channel(void)
{
    struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = front.backend };
    if (!front.ring) return refuse("first the ring: vbdfront grant DEVICE");
    if (front.evtchn) return refuse("there is a channel already");
    int evtchn = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (evtchn < 0) return fail("/dev/xen/evtchn");
    int port = ioctl(evtchn, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
    if (port < 0) return fail("a channel");
    front.evtchn = evtchn;
    front.port = port;
    say("event-channel=%d\n", port);
    return 0;
}

/* Writes a request and publishes it. RING_PUSH_REQUESTS_AND_CHECK_NOTIFY, with its numbers said. */
static int command_put(const char *text)
{
    char *end;
    uint64_t sector = strtoull(text, &end, 0);
    if (!front.evtchn) return refuse("first the ring and its channel: vbdfront grant DEVICE, vbdfront channel");
    if (!*text || *end) return refuse("a sector is a number");
    if (front.req_prod_pvt != front.rsp_cons) return refuse("the last request has not been taken: vbdfront take");
    uint32_t old = front.ring->req_prod, slot = front.req_prod_pvt % SLOTS;
    memset(front.data, 0, PAGE);
    front.ring->slot[slot].request = (struct request){
        .operation = BLKIF_OP_READ, .nr_segments = 1, .handle = front.handle, .id = front.req_prod_pvt,
        .sector_number = sector, .seg[0] = { .gref = front.data_ref, .first_sect = 0, .last_sect = 0 },
    };
    uint32_t new = ++front.req_prod_pvt;
    __sync_synchronize(); /* the backend sees the request before the index */
    front.ring->req_prod = new;
    __sync_synchronize(); /* and we see its wish after it could see ours */
    uint32_t event = front.ring->req_event;
    front.notify = new - event < new - old;
    say("request in slot %u: id=%u operation=read sector=%llu gref=%u first_sect=0 last_sect=0\n", slot, old,
        (unsigned long long)sector, front.data_ref);
    say("req_prod %u -> %u, req_event %u: (%u - %u) < (%u - %u) is %s: %s\n", old, new, event, new, event, new, old,
        front.notify ? "true" : "false", front.notify ? "send the event" : "no event is wanted");
    return 0;
}

static int command_kick(void)
{
    struct ioctl_evtchn_notify notify = { .port = front.port };
    if (!front.evtchn) return refuse("there is no channel yet: vbdfront channel");
    if (ioctl(front.evtchn, IOCTL_EVTCHN_NOTIFY, &notify)) return fail("the event");
    front.notify = 0;
    say("event sent through port %u\n", front.port);
    return 0;
}

/* RING_FINAL_CHECK_FOR_RESPONSES: asks for an event at the next response, then looks once more. */
static int response_there(void)
{
    if (front.ring->rsp_prod != front.rsp_cons) return 1;
    front.ring->rsp_event = front.rsp_cons + 1;
    __sync_synchronize();
    return front.ring->rsp_prod != front.rsp_cons;
}

/* Waits for the channel's event; a port that was read stays masked until it is written back. */
static int wait_for_response(void)
{
    struct pollfd event = { .fd = front.evtchn, .events = POLLIN };
    while (!response_there()) {
        uint32_t port;
        int ready = poll(&event, 1, PATIENCE_MS);
        if (ready < 0 && errno != EINTR) return fail("the channel");
        if (ready == 0) return refuse("no response came within five seconds");
        if (read(front.evtchn, &port, sizeof port) == sizeof port && write(front.evtchn, &port, sizeof port) < 0)
            return fail("the channel");
    }
    return 0;
}

static const char *status_name(int16_t status)
{
    switch (status) {
    case BLKIF_RSP_OKAY: return "okay";
    case BLKIF_RSP_ERROR: return "error";
    case BLKIF_RSP_EOPNOTSUPP: return "not supported";
    default: return "unknown";
    }
}

static void say_bytes(const uint8_t *bytes)
{
    for (int row = 0; row < SHOWN; row += 16) {
        say("%03x ", row);
        for (int i = row; i < row + 16; i++) say(" %02x", bytes[i]);
        say("  ");
        for (int i = row; i < row + 16; i++) say("%c", bytes[i] >= 32 && bytes[i] < 127 ? bytes[i] : '.');
        say("\n");
    }
}

static int command_take(void)
{
    if (!front.evtchn) return refuse("there is no channel yet: vbdfront channel");
    if (front.req_prod_pvt == front.rsp_cons) return refuse("no request is out: vbdfront put SECTOR");
    if (wait_for_response()) return 1;
    __sync_synchronize(); /* the response is read after the index that announced it */
    uint32_t slot = front.rsp_cons % SLOTS;
    struct response response = front.ring->slot[slot].response;
    front.rsp_cons++;
    say("response in slot %u: id=%llu operation=%u status=%d (%s)\n", slot, (unsigned long long)response.id,
        response.operation, response.status, status_name(response.status));
    if (response.status != BLKIF_RSP_OKAY) return 1;
    say_bytes(front.data);
    return 0;
}

static int command_read(const char *sector)
{
    if (command_put(sector)) return 1;
    if (front.notify && command_kick()) return 1;
    return command_take();
}

static int command_show(void)
{
    if (!front.ring) return refuse("there is no ring yet: vbdfront grant DEVICE");
    say("ring-ref=%u event-channel=%u backend-id=%u\n", front.ring_ref, front.port, front.backend);
    say("req_prod=%u req_event=%u rsp_prod=%u rsp_event=%u\n", front.ring->req_prod, front.ring->req_event,
        front.ring->rsp_prod, front.ring->rsp_event);
    say("req_prod_pvt=%u rsp_cons=%u\n", front.req_prod_pvt, front.rsp_cons);
    return 0;
}

static int obey(const char *command, const char *argument)
{
    if (!strcmp(command, "grant")) return command_grant(argument);
    if (!strcmp(command, "channel")) return command_channel();
    if (!strcmp(command, "put")) return command_put(argument);
    if (!strcmp(command, "kick")) return command_kick();
    if (!strcmp(command, "take")) return command_take();
    if (!strcmp(command, "read")) return command_read(argument);
    if (!strcmp(command, "show")) return command_show();
    return 0;
}

/* The socket between the commands and the process that owns everything: one name, in no file system. */
static int at_socket(int (*join)(int, const struct sockaddr *, socklen_t))
{
    static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0vbdfront" };
    int end = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (end < 0 || !join(end, (const struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 9)) return end;
    close(end);
    return -1;
}

/* The background process: command and argument come as two strings, the exit code and the text go back. */
static void serve(int listener)
{
    char line[160];
    for (int ended = 0; !ended;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ssize_t size = client < 0 ? 0 : read(client, line, sizeof line - 1);
        if (size > 0) {
            line[size] = 0;
            answered = 1;
            answer[0] = obey(line, line + strnlen(line, size - 1) + 1);
            ended = !strcmp(line, "end") || !front.ring;
            send(client, answer, answered, MSG_NOSIGNAL);
        }
        close(client);
    }
    _exit(0);
}

/* A process without a terminal, so that it outlives the shell it was started from. */
static int start_background(void)
{
    int listener = at_socket(bind);
    if (listener < 0 || listen(listener, 1)) return -1;
    if (fork() == 0) {
        setsid();
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++) dup2(null, fd);
        serve(listener);
    }
    close(listener);
    return at_socket(connect);
}

int main(int argc, char **argv)
{
    static const char *const plain[] = { "channel", "kick", "take", "show", "end" }, *const one[] = { "grant", "put", "read" };
    int known = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) known |= argc == 2 && !strcmp(argv[1], plain[i]);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) known |= argc == 3 && !strcmp(argv[1], one[i]);
    if (!known) {
        fputs(usage, stderr);
        return 2;
    }
    int server = at_socket(connect);
    if (server < 0 && !strcmp(argv[1], "grant")) server = start_background();
    if (server < 0) {
        fputs("vbdfront: there is no ring yet: vbdfront grant DEVICE\n", stderr);
        return 1;
    }
    char line[160];
    int size = snprintf(line, sizeof line, "%s%c%s", argv[1], 0, argc == 3 ? argv[2] : "");
    if (size >= (int)sizeof line || write(server, line, size) != size) {
        fputs("vbdfront: the command was not taken\n", stderr);
        return 1;
    }
    ssize_t came = read(server, answer, sizeof answer);
    if (came < 1) {
        fputs("vbdfront: the process in the background is gone\n", stderr);
        return 1;
    }
    fwrite(answer + 1, 1, came - 1, answer[0] ? stderr : stdout);
    return answer[0];
}
