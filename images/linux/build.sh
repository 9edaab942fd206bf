#!/bin/bash
# build.sh --work DIR --out DIR: builds the Linux guest from Debian's packages and our own sources.
#
# WORK takes about 2.2 GB and can be thrown away afterwards; what is shipped goes to OUT. No root is
# needed. The steps are scripts of their own; each reads and writes WORK alone, so while working on one
# it can be run again by itself, with those that follow it.
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
# Neither the kernel's Makefile nor gen_init_cpio can quote a name.
case $here$work in *[[:space:]]*) echo "build.sh: the folders of the recipe and of the work may have no space in their names" >&2; exit 2 ;; esac

mkdir -p "$work"
for step in packages tools kernel compiler busybox network-tools namespace-tools toolbox agent modules layer initramfs rom; do
  "$here/steps/$step.sh" "$work"
done
"$here/steps/ship.sh" "$work" "$out"
