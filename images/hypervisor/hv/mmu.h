/*
 * What the files of the shadow MMU share with one another. The words:
 *
 *   leaf       a shadow whose entries map frames: of a page table, of a 4 MB page, or of the virtual TLB
 *   directory  a shadow whose entries point at leaves; what CR3 holds while the guest runs
 *   in step    every entry present in a shadow is what compose() makes of the guest's entry now
 */
#ifndef MMU_H
#define MMU_H
#include "hv.h"

#define NO_FRAME 0xFFFFu

static inline bool is_directory(u32 kind) { return kind == SHADOW_L2 || kind == SHADOW_VTLB_L2 || kind == SHADOW_IDENTITY; }
static inline bool mirrors_table(u32 kind) { return kind == SHADOW_L1 || kind == SHADOW_L2; }
static inline bool paging(const struct domain *d) { return (d->vcpu.cr0 & CR0_PG) != 0; }

/* walk.c */
bool may_write(const struct domain *d, mfn_t mfn); /* its own frame, or one granted to it for writing */
u32 *own_table(struct domain *d, gfn_t gfn);       /* the frame as a page table; NULL unless it is d's own */
void set_accessed(struct domain *d, gva_t gva, struct walk *walk, bool write);

/* shadow.c */
extern u32 pool[NR_SHADOWS][PAGE_ENTRIES]; /* the entries of each shadow */
static inline u32 *entries_of(const struct shadow *s) { return pool[s - shadows]; }
struct shadow *shadow_at(mfn_t mfn);
struct shadow *shadow_find(const struct domain *d, u32 kind, gfn_t gfn);
struct shadow *shadow_new(struct domain *d, u32 kind, gfn_t gfn); /* empty; takes the least recently used when none is free */
void shadow_free(struct shadow *s);                               /* also out of every directory */
void shadow_empty(struct shadow *s);
void shadow_touch(struct shadow *s);
bool set_entry(struct shadow *s, u32 slot, u32 value); /* keeps the reverse map; true when it changed */
u32 next_present(const struct shadow *s, u32 slot);     /* from `slot` on; PAGE_ENTRIES when there is none */
u32 refresh_mappings(struct domain *d, gfn_t gfn);
void drop_mappings(struct domain *d, mfn_t mfn);

/* rmap.c */
void rmap_add(mfn_t mfn, const struct shadow *s, u32 slot);
void rmap_remove(mfn_t mfn, const struct shadow *s, u32 slot);
extern u32 links[];
/* What `link` stands for; returns the next, 0 at the end. */
static inline u32 rmap_next(u32 link, struct shadow **s, u32 *slot)
{
    *s = &shadows[(link - 1) / PAGE_ENTRIES];
    *slot = (link - 1) % PAGE_ENTRIES;
    return links[link - 1];
}

/* fill.c */
u32 guest_entry(const struct shadow *s, u32 slot);
u32 compose(const struct shadow *s, u32 slot);
bool read_only(const struct domain *d, gfn_t gfn);
void update_entry(struct shadow *s, u32 slot);
void fill_entry(struct shadow *s, u32 slot); /* the same, out of step, too */
struct shadow *shadow_table(struct domain *d, u32 kind, gfn_t gfn); /* found, or made and filled */
struct shadow *leaf_at(const struct domain *d, gva_t gva);          /* NULL when no directory entry points at one */
u32 shadow_entry(const struct domain *d, gva_t gva);
void fill(struct domain *d, gva_t gva, const struct walk *walk);

/* unshadow.c */
bool store_to_protected(struct domain *d, struct regs *regs, gva_t gva, const struct walk *walk);

/* oos.c */
ma_t copy_take(void);
void copy_release(ma_t copy);
void unsync(struct shadow *s);
void resync(struct shadow *s);
void resync_all(struct domain *d);

/* vtlb.c */
void vtlb_fill(struct domain *d, gva_t gva, const struct walk *walk);
void vtlb_flush(struct domain *d, bool globals);
void vtlb_drop_page(struct domain *d, gva_t gva);

#endif
