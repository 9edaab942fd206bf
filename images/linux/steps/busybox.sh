#!/bin/bash
# busybox.sh WORK: builds WORK/userland/busybox.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: busybox.sh WORK}" && pwd)
. "$here/environment.sh"

wishes=$here/../config/busybox.config
unpack_source busybox
cd "$work/source/busybox"
for patch in "$here"/../patches/busybox-*.patch; do logged busybox-patch patch -p1 -i "$patch"; done

# busybox's Kconfig cannot merge: take "everything off", put our lines in their places, and let it
# complete what depends on them. Its generated header carries no time (KCONFIG_NOTIMESTAMP).
export KCONFIG_NOTIMESTAMP=1
logged busybox-allnoconfig make allnoconfig
awk '
  NR == FNR { if (/^CONFIG_/) { split($0, part, "="); wish[part[1]] = $0 } next }
  { name = $1 == "#" ? $2 : $1; sub(/=.*/, "", name); print name in wish ? wish[name] : $0 }
' "$wishes" .config > .config.merged
mv .config.merged .config
logged busybox-oldconfig make oldconfig < <(yes '' 2> /dev/null)
while read -r line; do
  grep -qxF "$line" .config || fail "busybox.config: $line was not granted"
done < <(grep '^CONFIG_' "$wishes" | grep -v '=n$')

say "busybox: compiling"
logged busybox make -j"$jobs" CC=guest-cc HOSTCC=gcc busybox busybox.links
mkdir -p "$work/userland"
strip -s -o "$work/userland/busybox" busybox
