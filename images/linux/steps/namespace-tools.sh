#!/bin/bash
# namespace-tools.sh WORK: builds util-linux's unshare, nsenter and lsns as relocatable objects,
# WORK/objects/{unshare,nsenter,lsns}.o, for toolbox.sh. busybox has the first two, without the time
# and cgroup namespaces.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: namespace-tools.sh WORK}" && pwd)
. "$here/environment.sh"

mkdir -p "$work/objects"
say "util-linux: compiling"
unpack_source util-linux
cd "$work/source/util-linux"
logged util-linux-configure env CC=guest-cc CFLAGS="-Os -pipe -ffunction-sections -fdata-sections" \
  ./configure --host=i686-linux-musl --disable-shared --enable-static --disable-all-programs --disable-nls \
  --disable-asciidoc --disable-poman --disable-bash-completion --without-python --without-systemd --without-udev \
  --without-selinux --without-ncurses --without-ncursesw --without-tinfo --without-readline --without-cap-ng \
  --enable-libblkid --enable-libmount --enable-libsmartcols --enable-unshare --enable-nsenter --enable-lsns
# A patch of Debian's is newer than the generated configure script; what it changes is not built here,
# so the script stands as it is.
GUEST_PARTIAL=1 logged util-linux make -j"$jobs" ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=: unshare nsenter lsns
for program in unshare nsenter lsns; do cp "$program" "$work/objects/$program.o"; done
