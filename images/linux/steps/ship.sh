#!/bin/bash
# ship.sh WORK OUT: compresses the parts and puts them into OUT under names that carry their hash, beside
# the manifest and the note about licences. Parts that no image of the manifest has any more go.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: ship.sh WORK OUT}" && pwd)
out=${2:?usage: ship.sh WORK OUT}
. "$here/environment.sh"

shipped=$work/shipped
rm -rf "$shipped"
mkdir -p "$shipped"

# The flavours share a part that is the same in both.
prefix=linux
[ "$flavour" = plain ] || prefix=linux-$flavour

# zopfli writes what gzip could have written, a twentieth smaller; its header carries no time and no name.
ship() {
  local name=$1 content=$2 file
  file=${3:-$prefix}-$name.$(sha256sum "$content" | cut -c 1-16).gz
  zopfli --i5 -c "$content" > "$shipped/$file"
  echo "$name $content $file"
}

say "ship: compressing"
{
  ship kernel "$work/kernel/image" &
  ship initramfs "$work/initramfs/image" &
  wait
  ship rom "$work/rom/image" linux
  ship symbols "$work/kernel/System.map" &
  ship layer-nft "$work/layers/nft.tar" &
  wait
  for layer in "${layer_names[@]}"; do
    [ "$layer" = nft ] || ship "layer-$layer" "$work/layers/$layer.tar"
  done
} > "$work/shipped.list"

mkdir -p "$out"
node "$here/manifest.mjs" "$work" "$out/manifest.json" > "$shipped/manifest.json"
cp "$here/../LICENCES.md" "$shipped/LICENCES.md"
cp "$shipped"/* "$out/"
for file in "$out"/linux-*.gz; do
  grep -qF "\"$(basename "$file")\"" "$out/manifest.json" || rm "$file"
done
