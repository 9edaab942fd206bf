#!/bin/bash
# layer.sh WORK: makes WORK/layers/NAME.tar and, for each, the list of paths of its tools,
# WORK/layers/NAME.tools.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: layer.sh WORK}" && pwd)
. "$here/environment.sh"
. "$here/package-list.sh"

debian=$work/debian layers=$work/layers release=$(cat "$work/kernel/release")
rm -rf "$debian" "$layers"
mkdir -p "$debian" "$layers"
for package in "${LAYER[@]}"; do dpkg-deb -x "$packages/i386/${package}"_*.deb "$debian"; done

# Where a library is in Debian's tree, by its soname.
library() {
  local folder
  for folder in lib usr/lib; do
    [ -e "$debian/$folder/i386-linux-gnu/$1" ] && { echo "$folder/i386-linux-gnu/$1"; return; }
  done
  fail "layer: no package of package-list.sh brings $1"
}

# take LAYER PATH: puts a file into a layer, with the libraries it needs and theirs. A link to a
# library's file becomes the file itself under the library's name, so that no version number has to
# be followed; a link to another program stays one.
take() {
  local into=$layers/$1 path=$2 need
  [ ! -e "$into/$path" ] && [ ! -L "$into/$path" ] || return 0
  [ -e "$debian/$path" ] || fail "layer: no package of package-list.sh brings /$path"
  mkdir -p "$into/$(dirname "$path")"
  case $path in
    *.so.*) cp -L "$debian/$path" "$into/$path" ;;
    *) cp -P "$debian/$path" "$into/$path" ;;
  esac
  [ ! -L "$into/$path" ] || { take "$1" "$(dirname "$path")/$(readlink "$into/$path")"; return; }
  for need in $(objdump -p "$into/$path" | sed -n 's/^ *NEEDED *//p'); do
    [ "$need" = ld-linux.so.2 ] || take "$1" "$(library "$need")"
  done
}

for layer in "${layer_names[@]}"; do
  mkdir -p "$layers/$layer/lib/modules/$release/$layer"
  cp "$work/modules/$layer"/*.ko "$layers/$layer/lib/modules/$release/$layer"
  # Files of our own, as they lie in the guest.
  [ ! -d "$here/../layers/$layer" ] || cp -r "$here/../layers/$layer/." "$layers/$layer"
  : > "$layers/$layer.tools"
done

while read -r path; do
  take nft "$path"
  case $path in *.so) ;; *) echo "/$path" >> "$layers/nft.tools" ;; esac
done < <(grep -v '^#' "$here/../config/nft.files")
# The program interpreter, which every one of Debian's programs names by this path.
mkdir -p "$layers/nft/lib"
cp -L "$debian/lib/i386-linux-gnu/ld-linux.so.2" "$layers/nft/lib/ld-linux.so.2"

for layer in "${layer_names[@]}"; do
  find "$layers/$layer" -type f -name '*.so*' -exec chmod 755 {} +
  find "$layers/$layer" -type f \( -path '*/etc/xen/scripts/*' -o -path '*/usr/lib/ringside/layers/*' \) -exec chmod 755 {} +
  tar --create --file "$layers/$layer.tar" --directory "$layers/$layer" --format=ustar --sort=name \
    --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    --transform='s,^\./,,' .
done
