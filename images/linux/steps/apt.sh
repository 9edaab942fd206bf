# shellcheck shell=bash
# apt.sh: apt with lists of its own under $work, made from the sources this system's apt is set up with, so that no
# root is needed and the mirror is whatever the administrator chose. Sourced with $work set.
#
# Two sets of lists, because the programs the build runs are for this computer and what goes into the guest is
# i386: one set can be behind the other without taking it down.

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
