#!/bin/bash
# prepare.sh WORK OUT: makes OUT/selftests.tar.gz, what the kernel's selftests need in a guest: their scripts and
# programs from the kernel source in WORK, and those of Debian's i386 programs they call that the images do
# not have, with their libraries.
#
# WORK is a work folder of images/linux/build.sh, after it has run: it has Debian's kernel source, the compiler
# for the guest, and apt's lists. What is downloaded stays in WORK/packages/selftests.
set -euo pipefail
own=$(cd "$(dirname "$0")" && pwd)
images=$(cd "$own/../../images/linux" && pwd)
work=$(cd "${1:?usage: prepare.sh WORK OUT}" && pwd)
out=${2:?usage: prepare.sh WORK OUT}
[ -d "$work/source/linux/tools/testing/selftests" ] && [ -x "$work/tools/bin/guest-cc" ] \
  || { echo "prepare.sh: $work is no work folder of images/linux/build.sh that has been built" >&2; exit 1; }
. "$images/steps/environment.sh"
. "$images/steps/apt.sh"

programs=(bin/bash bin/ping usr/bin/jq usr/bin/socat usr/bin/arping usr/bin/nstat usr/sbin/mausezahn sbin/ethtool)
debian=(bash iproute2 libbpf1 libelf1 libbsd0 libmd0 iputils-ping iputils-arping jq socat netsniff-ng ethtool
  libc6 libtinfo6 libcap2 libidn2-0 libunistring2 libjq1 libonig5 libssl3 libwrap0 libnsl2 libtirpc3
  libgssapi-krb5-2 libkrb5-3 libk5crypto3 libcom-err2 libkrb5support0 libkeyutils1
  libcli1.10 libgeoip1 libncurses6 libnet1 libnl-3-200 libnl-genl-3-200 libnl-route-3-200 libpcap0.8 libsodium23
  liburcu8 zlib1g libnetfilter-conntrack3 libnfnetlink0 libmnl0 libdbus-1-3 libsystemd0 libibverbs1 libcrypt1
  libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1)

store=$work/packages/selftests tree=$work/selftests/debian root=$work/selftests/root
tests=$work/source/linux/tools/testing/selftests
mkdir -p "$store" "$out"
rm -rf "$work/selftests"
mkdir -p "$tree" "$root/opt/selftests"

for package in "${debian[@]}"; do
  ls "$store/$package"_*.deb > /dev/null 2>&1 \
    || (cd "$store" && apt_for i386 apt-get download "$package" > /dev/null 2>&1) \
    || fail "prepare: apt offers no $package"
  dpkg-deb -x "$store/$package"_*.deb "$tree"
done

# Where a library is in Debian's tree, by its soname.
library() {
  local folder
  for folder in lib usr/lib; do
    [ -e "$tree/$folder/i386-linux-gnu/$1" ] && { echo "$folder/i386-linux-gnu/$1"; return; }
  done
  fail "prepare: no package brings $1"
}

# take PATH: a program or a library, and the libraries it needs.
take() {
  local path=$1 need
  [ ! -e "$root/$path" ] || return 0
  mkdir -p "$root/$(dirname "$path")"
  cp -L "$tree/$path" "$root/$path"
  for need in $(objdump -p "$root/$path" | sed -n 's/^ *NEEDED *//p'); do
    [ "$need" = ld-linux.so.2 ] || take "$(library "$need")"
  done
}
for program in "${programs[@]}"; do take "$program"; done
mkdir -p "$root/lib"
cp -L "$tree/lib/i386-linux-gnu/ld-linux.so.2" "$root/lib/ld-linux.so.2"
ln -s ping "$root/bin/ping6"

cp -r "$tests"/{net,netfilter,nsfs,pidfd} "$root/opt/selftests"
mkdir -p "$root/opt/selftests/kselftest"
cp "$tests"/kselftest/*.sh "$root/opt/selftests/kselftest"
cp "$root/opt/selftests/net/forwarding/forwarding.config.sample" "$root/opt/selftests/net/forwarding/forwarding.config"
cp -r "$own/shims" "$root/opt/selftests/shims"
# An empty object: what needs BPF fails in the kernel and is reported, and veth.sh goes on to what does not.
mkdir "$root/opt/selftests/bpf"
: > "$root/opt/selftests/bpf/xdp_dummy.bpf.o"
for program in nsfs/owner nsfs/pidns pidfd/pidfd_setns_test net/udpgso_bench_rx net/udpgso_bench_tx; do
  guest-cc -std=gnu11 -O1 -w -include time.h -I "$own/include" -I "$tests" -I "$tests/$(dirname $program)" "$tests/$program.c" -o "$root/opt/selftests/$program"
done
find "$root/opt/selftests" -name '*.[ch]' -delete

# What the tests ask of the kernel and the image leaves out, as modules against the image's own kernel: named
# counters of nftables.
logged selftests-modules make -C "$work/source/linux" ARCH=i386 O="$work/build/kernel" \
  KCFLAGS="$prefix_map" KAFLAGS="$prefix_map" CONFIG_NFT_OBJREF=m M=net/netfilter modules
mkdir "$root/opt/selftests/modules"
objcopy --strip-debug "$work/build/kernel/net/netfilter/nft_objref.ko" "$root/opt/selftests/modules/nft_objref.ko"

tar --create --gzip --file "$out/selftests.tar.gz.new" --directory "$root" --owner=0 --group=0 .
mv "$out/selftests.tar.gz.new" "$out/selftests.tar.gz"
