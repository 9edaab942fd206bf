/*
 * Page frames: which are free, and how often the others are used. A frame used twice is shared since a
 * fork and must be copied before it is written (fault.c). Frames of the kernel's image are in use from
 * the start and never free.
 */
#include "kernel.h"

static u16 uses[NR_FRAMES];
static u16 free_list[NR_FRAMES];
static u32 nr_free;

static bool inside(u32 frame, gpa_t from, gpa_t to)
{
    return frame >= from >> PAGE_SHIFT && frame < PAGE_UP(to) >> PAGE_SHIFT;
}

/* Frame 0 is kept back, so that 0 can mean "none". */
static bool reserved(u32 frame)
{
    gpa_t p2m_end = start.p2m_gpa + start.nr_frames * sizeof(u32);
    return frame == 0 || inside(frame, KERNEL_GPA, (u32)kernel_end - GUEST_BASE)
        || (frame >= start.hole_first && frame < start.hole_end)
        || inside(frame, start.shared_gpa, start.shared_gpa + PAGE_SIZE)
        || (paravirtual() && inside(frame, start.pt_gpa, start.pt_gpa + start.nr_pt_frames * PAGE_SIZE))
        || (paravirtual() && inside(frame, start.p2m_gpa, p2m_end));
}

void frames_init(void)
{
    for (u32 frame = start.nr_frames; frame-- > 0;) {
        if (reserved(frame))
            uses[frame] = 1;
        else
            free_list[nr_free++] = frame;
    }
}

gfn_t frame_alloc(void)
{
    if (!nr_free)
        return 0;
    gfn_t gfn = free_list[--nr_free];
    uses[gfn] = 1;
    return gfn;
}

gfn_t frame_alloc_zero(void)
{
    gfn_t gfn = frame_alloc();
    if (gfn)
        memset(frame_bytes(gfn), 0, PAGE_SIZE);
    return gfn;
}

void frame_get(gfn_t gfn)
{
    uses[gfn]++;
}

void frame_put(gfn_t gfn)
{
    if (!uses[gfn])
        panic("a free frame was freed");
    if (--uses[gfn] == 0)
        free_list[nr_free++] = gfn;
}

u32 frame_uses(gfn_t gfn)
{
    return uses[gfn];
}

u32 frames_free(void)
{
    return nr_free;
}
