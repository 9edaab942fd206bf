# shellcheck shell=bash disable=SC2034
# package-list.sh: which Debian packages the build uses, by what they are used for. Sourced with $work set.

# Programs the build runs on this computer that a bare gcc and make do not bring.
TOOLS=(flex bison m4 libfl2 libsigsegv2 zopfli libzopfli1)

# Debian's kernel source. An "all" package: it comes with the native lists.
KERNEL=(linux-source-6.1)

# Linked into our static programs: the C library and the compiler's run-time.
LINKED=(musl-dev libgcc-12-dev)

# Debian's own i386 programs, shipped as they are in the "nft" layer, and the libraries they need.
LAYER=(
  nftables conntrack iptables util-linux
  libc6 libnftables1 libnftnl11 libmnl0 libjansson4 libgmp10 libedit2 libbsd0 libmd0 libtinfo6
  libxtables12 libnetfilter-conntrack3 libnfnetlink0
  libsmartcols1 libcap-ng0
)

# Built from source against musl for the base userland.
SOURCES=(busybox iproute2 iptables libpcap tcpdump util-linux)
[ "$(cat "$work/flavour")" != xen ] || SOURCES+=(xen)
