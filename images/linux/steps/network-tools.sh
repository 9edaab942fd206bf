#!/bin/bash
# network-tools.sh WORK: builds the tools of iproute2, iptables and tcpdump as relocatable objects,
# WORK/objects/{ip,tc,bridge,ss,xtables,tcpdump}.o, for toolbox.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: network-tools.sh WORK}" && pwd)
. "$here/environment.sh"

source=$work/source
small="-Os -pipe -ffunction-sections -fdata-sections"
mkdir -p "$work/objects"

say "iproute2: compiling"
unpack_source iproute2
cd "$source/iproute2"
cp "$here/../config/iproute2.mk" config.mk
iproute2() {
  make -j"$jobs" YACC="bison -y" LEX=flex CC=guest-cc HOSTCC=gcc CCOPTS="$small" LDFLAGS= SHARED_LIBS=n "$@"
}
GUEST_PARTIAL=1 logged iproute2 iproute2 SUBDIRS="lib ip tc bridge"
GUEST_PARTIAL=1 logged iproute2-ss iproute2 SUBDIRS=misc TARGETS=ss
cp ip/ip "$work/objects/ip.o"
cp tc/tc "$work/objects/tc.o"
cp bridge/bridge "$work/objects/bridge.o"
cp misc/ss "$work/objects/ss.o"

say "tcpdump: compiling"
unpack_source libpcap
cd "$source/libpcap"
logged libpcap-configure env CC=guest-cc CFLAGS="$small" ./configure --host=i686-linux-musl --with-pcap=linux \
  --without-libnl --disable-usb --disable-dbus --disable-bluetooth --disable-rdma --disable-netmap --disable-remote
logged libpcap make -j"$jobs" libpcap.a YACC="bison -y" LEX=flex
# tcpdump's configure finds ../libpcap by itself.
unpack_source tcpdump
cd "$source/tcpdump"
logged tcpdump-configure env CC=guest-cc CFLAGS="$small" ./configure --host=i686-linux-musl \
  --without-crypto --without-smi --without-cap-ng --disable-smb
GUEST_PARTIAL=1 logged tcpdump make -j"$jobs" tcpdump
cp tcpdump "$work/objects/tcpdump.o"

say "iptables: compiling"
unpack_source iptables
cd "$source/iptables"
# The kernel's and musl's headers both define struct ethhdr; the kernel's can be told to stand back.
logged iptables-configure env CC=guest-cc CFLAGS="$small -D__UAPI_DEF_ETHHDR=0" ./configure --host=i686-linux-musl \
  --enable-static --disable-shared --disable-nftables --disable-ipv6 --disable-connlabel --disable-bpf-compiler
GUEST_PARTIAL=1 logged iptables make -j"$jobs"
cp iptables/xtables-legacy-multi "$work/objects/xtables.o"
