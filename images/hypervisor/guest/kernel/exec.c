/*
 * exec. A new address space is built beside the old one, with the same kernel stack, so that we can switch
 * to it from under our own feet. Programs are not read: their pages are mapped from the file as they are
 * touched (fault.c). Only the arguments are copied.
 */
#include "kernel.h"

#define MAX_ARGUMENTS 24u
#define ARGUMENT_BYTES (PAGE_SIZE / 2)

/* The arguments, gathered in a spare frame: strings one after the other, and where each starts. */
struct arguments { u32 count, bytes; u16 offset[MAX_ARGUMENTS]; char text[ARGUMENT_BYTES]; };

static int gather(struct arguments *to, gva_t argv)
{
    gva_t string;
    to->count = to->bytes = 0;
    for (;; argv += sizeof string) {
        if (copy_from_user(&string, argv, sizeof string))
            return -EFAULT;
        if (!string)
            return 0;
        if (to->count == MAX_ARGUMENTS)
            return -E2BIG;
        int n = copy_string_from_user(to->text + to->bytes, string, ARGUMENT_BYTES - to->bytes);
        if (n < 0)
            return n;
        to->offset[to->count++] = to->bytes;
        to->bytes += n + 1;
    }
}

/* The new stack's last page: argc, argv[], NULL, and at the very top the strings. Returns the first ESP. */
static gva_t lay_out(u8 *page, const struct arguments *arguments)
{
    u32 strings = PAGE_SIZE - (arguments->bytes + 3) / 4 * 4;
    u32 start = strings - (arguments->count + 2) * 4;
    u32 *word = (u32 *)(page + start);
    memcpy(page + strings, arguments->text, arguments->bytes);
    *word++ = arguments->count;
    for (u32 i = 0; i < arguments->count; i++)
        *word++ = USER_TOP - PAGE_SIZE + strings + arguments->offset[i];
    *word = 0;
    return USER_TOP - PAGE_SIZE + start;
}

static bool header_right(const struct program_header *h, const struct node *node)
{
    return h->text_end > USER_BASE && h->text_end <= h->data_end && h->data_end <= h->bss_end
        && h->bss_end < MMAP_BASE && h->data_end - USER_BASE <= PAGE_UP(node->bytes)
        && !((h->text_end | h->data_end) & (PAGE_SIZE - 1)) && h->entry >= USER_BASE && h->entry < h->text_end;
}

/* A flat program is all data, with a page of zeros behind it. */
static int header_of(struct node *node, struct program_header *h)
{
    if (!node->bytes)
        return -ENOEXEC;
    memcpy(h, frame_bytes(node_frame(node, 0)), sizeof *h);
    if (h->magic == PROGRAM_MAGIC)
        return header_right(h, node) ? 0 : -ENOEXEC;
    gva_t end = USER_BASE + PAGE_UP(node->bytes);
    *h = (struct program_header){ 0, USER_BASE, USER_BASE, end, end + PAGE_SIZE };
    return 0;
}

static gfn_t new_space(const struct arguments *arguments, gva_t *esp)
{
    gfn_t kernel_stack = pte_frame(*space_entry(current->directory, KERNEL_STACK));
    gfn_t stack = frame_alloc_zero();
    if (!stack)
        return 0;
    *esp = lay_out(frame_bytes(stack), arguments);
    gfn_t directory = space_new(kernel_stack);
    if (!directory) {
        frame_put(stack);
        return 0;
    }
    frame_get(kernel_stack);
    space_put(directory, USER_TOP - PAGE_SIZE, stack, FRAME_FLAGS_USER | PTE_W | PTE_D); /* the stacks share a table */
    space_ready(directory);
    return directory;
}

static void new_areas(struct node *node, const struct program_header *h)
{
    areas_put(current);
    memset(current->areas, 0, sizeof current->areas);
    area_add(current, USER_BASE, h->text_end, PROT_READ, node, 0);
    area_add(current, h->text_end, h->data_end, PROT_READ | PROT_WRITE, node, h->text_end - USER_BASE);
    area_add(current, h->data_end, PAGE_UP(h->bss_end), PROT_READ | PROT_WRITE, NULL, 0);
    area_add(current, USER_TOP - STACK_PAGES * PAGE_SIZE, USER_TOP, PROT_READ | PROT_WRITE, NULL, 0);
    current->heap = current->brk = PAGE_UP(h->bss_end);
}

static void become(gfn_t directory, const struct program_header *h, gva_t esp)
{
    struct trap_frame *f = user_frame();
    gfn_t old = current->directory;
    current->directory = directory;
    pt->load(directory);
    if (old)
        space_free(old);
    current->fault_handler = 0;
    memset(f, 0, sizeof *f);
    f->eip = h->entry;
    f->cs = GUEST_UCS;
    f->eflags = FLAG_IF | 2;
    f->esp = esp;
    f->ss = GUEST_UDS;
}

static int exec_node(struct node *node, const struct arguments *arguments)
{
    struct program_header header;
    gva_t esp;
    int error = header_of(node, &header);
    if (error)
        return error;
    gfn_t directory = new_space(arguments, &esp);
    if (!directory)
        return -ENOMEM;
    node_get(node); /* the old areas may hold the last use of it */
    new_areas(node, &header);
    node_put(node);
    copy_string(current->name, arguments->count ? arguments->text : node->name, sizeof current->name);
    become(directory, &header, esp);
    return 0;
}

int sys_exec(u32 path_at, u32 argv, u32 c)
{
    (void)c;
    char path[24];
    int error = copy_string_from_user(path, path_at, sizeof path);
    if (error < 0)
        return error;
    struct node *node = node_find(path);
    if (!node)
        return -ENOENT;
    gfn_t spare = frame_alloc();
    if (!spare)
        return -ENOMEM;
    error = gather(frame_bytes(spare), argv);
    if (!error)
        error = exec_node(node, frame_bytes(spare));
    frame_put(spare);
    return error;
}

/* The first process has no old space, and nobody to return to: its stack is made as fork and exec would leave it. */
void process_start(const char *program)
{
    struct node *node = node_find(program);
    gfn_t kernel_stack = frame_alloc_zero();
    gfn_t first = kernel_stack ? space_new(kernel_stack) : 0;
    static struct arguments arguments = { 1, 5, { 0 }, "init" };
    current = process_new();
    current->state = PROCESS_READY;
    current->directory = first;
    space_ready(first);
    pt->load(first);
    files_first(current);
    if (exec_node(node, &arguments))
        panic("the first program cannot be started");
    pt->flush();
    interrupts_on();
    enter_first((u32)user_frame());
}
