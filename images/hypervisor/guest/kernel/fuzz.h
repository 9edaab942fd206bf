/* What fuzz.c (survivable) and wild.c (not) share. */
#ifndef FUZZ_H
#define FUZZ_H
#include "kernel.h"

u32 fuzz_draw(u32 below);
u32 fuzz_bits(void); /* 32 random ones */
u32 fuzz_word(void); /* one that may mean something */
u32 fuzz_pae(void);  /* pae.c: accesses that went wrong */
void fuzz_wild(const struct fuzz_run *run) __attribute__((noreturn));

/* One instruction with `value` in EAX; false when it faulted. */
#define GUARDED(value, text, ...)                                                       \
    ({                                                                                  \
        u32 done_ = 1, eax_ = (value);                                                  \
        __asm__ volatile("1: " text "\n\tjmp 3f\n2: xor %0, %0\n3:\n\t"                 \
                         ".section .fixups, \"a\"\n\t.long 1b, 2b\n\t.previous"         \
                         : "+r"(done_), "+a"(eax_) : __VA_ARGS__ : "memory");           \
        done_;                                                                          \
    })

#endif
