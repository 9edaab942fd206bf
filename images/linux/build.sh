#!/bin/bash
# build.sh [--flavour plain|xen] --work DIR --out DIR: builds the Linux guest from Debian's packages and our
# own sources: the plain one (image linux), or the one for Xen labs (images linux-xen and linux-dom0).
#
# WORK takes about 2.2 GB and can be thrown away afterwards; what is shipped goes to OUT. No root is
# needed. The steps are scripts of their own; each reads and writes WORK alone, so while working on one
# it can be run again by itself, with those that follow it. A work folder is of one flavour: WORK/flavour.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() { echo "usage: build.sh [--flavour plain|xen] --work DIR --out DIR" >&2; exit 2; }
flavour=plain work='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --flavour) flavour=${2:?} ;;
    --work) work=${2:?} ;;
    --out) out=${2:?} ;;
    *) usage ;;
  esac
  shift 2
done
[ -n "$work" ] && [ -n "$out" ] || usage
case $flavour in plain | xen) ;; *) usage ;; esac
# Neither the kernel's Makefile nor gen_init_cpio can quote a name.
case $here$work in *[[:space:]]*) echo "build.sh: the folders of the recipe and of the work may have no space in their names" >&2; exit 2 ;; esac

mkdir -p "$work"
[ "$(cat "$work/flavour" 2> /dev/null || echo "$flavour")" = "$flavour" ] \
  || { echo "build.sh: $work is of another flavour" >&2; exit 2; }
echo "$flavour" > "$work/flavour"
for step in packages tools kernel compiler busybox network-tools namespace-tools xen-tools toolbox agent modules layer initramfs rom; do
  "$here/steps/$step.sh" "$work"
done
"$here/steps/ship.sh" "$work" "$out"
