#!/bin/bash
# packages.sh WORK: downloads everything the build is made from into WORK/packages.
#
# Every version is taken as apt offers it and recorded in WORK/packages/versions, one line each:
#   kind package version source source-version
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: packages.sh WORK}" && pwd)
# shellcheck source=package-list.sh
. "$here/package-list.sh"
. "$here/apt.sh"

store=$work/packages
mkdir -p "$store"/{native,i386,source}

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

# The newest version whose files the mirror has: one in the middle of its own update can list a version
# before it has it.
fetch_sources() {
  local package version
  for package in "$@"; do
    while read -r version; do
      if (cd "$store/source" && apt_for native apt-get source --download-only "$package=$version" > /dev/null 2>&1); then
        echo "source $package $version $package $version"
        continue 2
      fi
      echo "packages: the source of $package $version did not arrive" >&2
    done < <(apt_for native apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -Vru)
    exit 1
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
