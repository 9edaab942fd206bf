#!/bin/bash
# ship.sh WORK OUT: compresses the parts and puts them into OUT under names that carry their hash, beside
# the manifest and the note about licences. Parts of an earlier build go; other images in OUT stay.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: ship.sh WORK OUT}" && pwd)
out=${2:?usage: ship.sh WORK OUT}
. "$here/environment.sh"

shipped=$work/shipped
rm -rf "$shipped"
mkdir -p "$shipped"

# zopfli writes what gzip could have written, a twentieth smaller; its header carries no time and no name.
ship() {
  local name=$1 content=$2 hash
  hash=$(sha256sum "$content" | cut -c 1-16)
  zopfli --i5 -c "$content" > "$shipped/linux-$name.$hash.gz"
  echo "$name $content linux-$name.$hash.gz"
}

say "ship: compressing"
{
  ship kernel "$work/kernel/image" &
  ship initramfs "$work/initramfs/image" &
  wait
  ship rom "$work/rom/image"
  ship symbols "$work/kernel/System.map" &
  ship layer-nft "$work/layers/nft.tar" &
  wait
  ship layer-links "$work/layers/links.tar" &
  ship layer-disk "$work/layers/disk.tar" &
  wait
} > "$work/shipped.list"

mkdir -p "$out"
node "$here/manifest.mjs" "$work" "$out/manifest.json" > "$shipped/manifest.json"
cp "$here/../LICENCES.md" "$shipped/LICENCES.md"
rm -f "$out"/linux-*.gz
cp "$shipped"/* "$out/"
