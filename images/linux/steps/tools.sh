#!/bin/bash
# tools.sh WORK: unpacks the programs the build runs, and the i386 C library, into WORK.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: tools.sh WORK}" && pwd)
. "$here/environment.sh"
. "$here/package-list.sh"

mkdir -p "$tools" "$work/sysroot"
for package in "${TOOLS[@]}"; do dpkg-deb -x "$packages"/native/"$package"_*.deb "$tools"; done
for package in "${LINKED[@]}"; do dpkg-deb -x "$packages"/i386/"$package"_*.deb "$work/sysroot"; done
