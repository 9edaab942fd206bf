#!/bin/bash
# packages.sh WORK: downloads everything the build is made from into WORK/packages.
#
# No root is needed: apt works on lists of its own under WORK, made from the sources this system's
# apt is set up with, so the mirror is whatever the administrator chose. Two sets of lists, because
# the programs the build runs are for this computer and what goes into the guest is i386: one set can be
# behind the other without taking it down.
#
# Every version is taken as apt offers it and recorded in WORK/packages/versions, one line each:
#   kind package version source source-version
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: packages.sh WORK}" && pwd)
# shellcheck source=package-list.sh
. "$here/package-list.sh"

store=$work/packages
mkdir -p "$store"/{native,i386,source}

# apt's own sources, with deb-src beside deb, in a folder of ours. Both formats are read:
# one-line .list files and deb822 .sources files.
write_sources() {
  local into=$1 file etc
  eval "$(apt-config shell etc Dir::Etc/d)"
  etc=${etc%/}
  mkdir -p "$into"
  for file in "$etc/sources.list" "$etc"/sources.list.d/*.list "$etc"/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    case $file in
      *.sources) sed 's/^Types:.*/Types: deb deb-src/' "$file" > "$into/$(basename "$file")" ;;
      *.list) awk '/^deb /{ print; sub(/^deb /, "deb-src "); print; next } /^deb-src /{ print }' "$file" \
          | LC_ALL=C sort -u > "$into/$(basename "$file")" ;;
    esac
  done
}

# apt with the lists of one architecture ("native" stands for this computer's).
apt_for() {
  local which=$1 program=$2 architectures; shift 2
  if [ "$which" = native ]; then architectures=$(dpkg --print-architecture); else architectures=$which; fi
  "$program" -q \
    -o APT::Architecture="$architectures" -o APT::Architectures="$architectures" \
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/sources" \
    -o Dir::State="$work/apt/$which" -o Dir::State::status="$work/apt/$which/status" \
    -o Dir::Cache="$work/apt/$which/cache" -o APT::Sandbox::User= \
    -o Acquire::Languages=none -o APT::Get::List-Cleanup=0 "$@"
}

# A mirror in the middle of its own update can lack one index of one suite. What is left is still
# complete and signed, so the build goes on with it and says so; the versions are recorded anyway.
update() {
  local which=$1
  mkdir -p "$work/apt/$which/lists/partial" "$work/apt/$which/cache/archives/partial"
  : > "$work/apt/$which/status"
  apt_for "$which" apt-get update > "$work/apt/$which/update.log" 2>&1 \
    || { echo "packages: an index for $which could not be read; using the others:" >&2
         grep '^E: Failed' "$work/apt/$which/update.log" >&2 || { cat "$work/apt/$which/update.log" >&2; exit 1; }; }
}

candidate() { apt_for "$1" apt-cache policy "$2" | sed -n 's/^  Candidate: //p'; }

# record KIND WHICH PACKAGE VERSION: notes a binary package and the source it was built from.
record() {
  local source
  source=$(apt_for "$2" apt-cache show "$3=$4" | sed -n 's/^Source: //p' | head -n 1)
  local name=${source%% *} version=$4
  case $source in *\(*) version=${source#*\(}; version=${version%\)} ;; esac
  echo "$1 $3 $4 ${name:-$3} $version"
}

write_sources "$work/apt/sources"
update native
update i386

# Binary packages. "apt-get download" checks every file against the signed index.
fetch_binaries() {
  local kind=$1 which=$2 package version; shift 2
  for package in "$@"; do
    version=$(candidate "$which" "$package")
    [ -n "$version" ] && [ "$version" != "(none)" ] || { echo "packages: apt offers no $package for $which" >&2; exit 1; }
    (cd "$store/$which" && apt_for "$which" apt-get download "$package=$version" > /dev/null)
    record "$kind" "$which" "$package" "$version"
  done
}

fetch_sources() {
  local package version
  for package in "$@"; do
    version=$(apt_for native apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -V | tail -n 1)
    (cd "$store/source" && apt_for native apt-get source --download-only "$package=$version" > /dev/null 2>&1) \
      || { echo "packages: the source of $package $version did not arrive" >&2; exit 1; }
    echo "source $package $version $package $version"
  done
}

{
  fetch_binaries tool native "${TOOLS[@]}"
  fetch_binaries kernel native "${KERNEL[@]}"
  fetch_binaries link i386 "${LINKED[@]}"
  fetch_binaries layer i386 "${LAYER[@]}"
  fetch_sources "${SOURCES[@]}"
} > "$store/versions.new"
mv "$store/versions.new" "$store/versions"
