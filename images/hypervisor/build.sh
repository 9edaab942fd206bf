#!/bin/bash
# build.sh --work DIR --out DIR: builds the hypervisor, its guest and the CPU suite from our own sources with
# Debian's gcc. What is shipped goes to OUT; other images in OUT stay. No root is needed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() { echo "usage: build.sh --work DIR --out DIR" >&2; exit 2; }
work='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --work) work=${2:?} ;;
    --out) out=${2:?} ;;
    *) usage ;;
  esac
  shift 2
done
[ -n "$work" ] && [ -n "$out" ] || usage

export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1767225600
umask 022
mkdir -p "$work" "$out"
work=$(cd "$work" && pwd)
make -s -C "$here" BUILD="$work/hypervisor"
make -s -C "$here/layout" BUILD="$work/layout"
make -s -C "$here/cputest" BUILD="$work/cputest"

shipped=$work/shipped
rm -rf "$shipped"
mkdir -p "$shipped"
# ship NAME CONTENT: under a name that carries the content's hash. gzip -n writes no time and no name.
ship() {
  local hash
  hash=$(sha256sum "$2" | cut -c 1-16)
  gzip -9 -n -c "$2" > "$shipped/hypervisor-$1.$hash.gz"
  echo "$1 $2 hypervisor-$1.$hash.gz"
}
{
  ship traced "$work/hypervisor/hypervisor.elf"
  ship clean "$work/hypervisor/hypervisor-clean.elf"
  ship exercises "$work/hypervisor/hypervisor-exercises.elf"
  ship layout "$work/layout/layout.json"
  ship cputest "$work/cputest/cputest.elf"
} > "$work/shipped.list"

node "$here/manifest.mjs" "$work" "$out/manifest.json" > "$work/manifest.json"
rm -f "$out"/hypervisor-*.gz
cp "$shipped"/* "$out/"
cp "$work/manifest.json" "$out/manifest.json"
