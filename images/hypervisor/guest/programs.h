/* Names of the user programs. They are all one binary, which looks at argv[0]. */
#ifndef PROGRAMS_H
#define PROGRAMS_H
#define PROGRAMS(X)                                                                       \
    X(init) X(sh) X(echo) X(cat) X(ls) X(rm) X(ps) X(free) X(kill) X(sleep) X(true)       \
    X(false) X(wc) X(hexdump) X(write) X(run) X(uname) X(uptime) X(map) X(touch) X(mode)  \
    X(rings) X(hostile) X(stress) X(soak) X(fuzz) X(io) X(bench) X(spin) X(backend)  \
    X(crash) X(help)
#endif
