# shellcheck shell=bash
# environment.sh: what every step of the build shares. Sourced with $work set.
#
# Nothing of this computer may reach a shipped byte: no path, name, time, language or order of files.

export LC_ALL=C TZ=UTC
umask 022

# All the files we ship carry this time, and the kernel says it was built then: 2026-01-01 00:00 UTC.
export SOURCE_DATE_EPOCH=1767225600
export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC'
export KBUILD_BUILD_VERSION=1 KBUILD_BUILD_USER=ringside KBUILD_BUILD_HOST=ringside

# Written by build.sh: plain, or xen.
flavour=$(cat "$work/flavour")
layer_names=(nft links disk)
[ "$flavour" != xen ] || layer_names+=(backends)

packages=$work/packages
tools=$work/tools
jobs=${RINGSIDE_JOBS:-2}

# Debian's programs, unpacked and not installed, find their own files by these.
export PATH=$tools/bin:$tools/usr/bin:$PATH
export LD_LIBRARY_PATH=$tools/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2> /dev/null || gcc -print-multiarch)
export BISON_PKGDATADIR=$tools/usr/share/bison M4=$tools/usr/bin/m4

# The compiler writes "." where it would write the work folder.
prefix_map="-ffile-prefix-map=$work=."

say() { echo "[$(date +%H:%M:%S)] $*"; }
fail() { echo "$*" >&2; exit 1; }

# logged NAME COMMAND…: runs a long command quietly; its log stays in the work folder, and its end is
# shown when the command fails.
logged() {
  local log=$work/logs/$1.log; shift
  mkdir -p "$work/logs"
  "$@" > "$log" 2>&1 || { tail -n 30 "$log" >&2; fail "failed: $* (whole log: $log)"; }
}

# unpack_source NAME: Debian's source package NAME, with Debian's patches applied, in WORK/source/NAME.
# (apt checked it against the signed index when it was downloaded.)
unpack_source() {
  rm -rf "$work/source/$1"
  mkdir -p "$work/source"
  logged "unpack-$1" dpkg-source --no-check --no-copy -x "$packages/source/$1"_*.dsc "$work/source/$1"
}
