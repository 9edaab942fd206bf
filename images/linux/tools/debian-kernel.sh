#!/bin/bash
# debian-kernel.sh --out DIR: Debian's own i386 kernel, untouched, to be tried where ours runs:
#   DIR/kernel       the bzImage as Debian ships it
#   DIR/modules/     Xen's frontends, virtio, ext4 and what they need
#   DIR/initramfs    our userland (that of the built image linux-xen) with those modules and an init that loads
#                    them: start it with rdinit=/stock-init
#   DIR/release      the kernel's version
# It is for tests; nothing of it is shipped. No root is needed; apt has to work.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] && [ "$1" = --out ] || { echo "usage: debian-kernel.sh --out DIR" >&2; exit 2; }
mkdir -p "$2"
out=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/../steps/apt.sh"

# In the order they are loaded; each with what it needs before it.
WANTED=(virtio_pci virtio_console virtio_net virtio_blk xen-blkfront xen-netfront xenfs xen-evtchn xen-gntdev xen-gntalloc
  crc32c_generic ext4 loop af_packet)

write_sources "$work/apt/sources"
update i386
package=$(apt_for i386 apt-cache depends linux-image-686-pae | sed -n 's/^ *Depends: //p')
[ -n "$package" ] || { echo "debian-kernel: apt offers no linux-image-686-pae" >&2; exit 1; }
(cd "$work" && apt_for i386 apt-get download "$package" > /dev/null && dpkg-deb -x ./*.deb image)

release=${package#linux-image-}
echo "$release" > "$out/release"
cp "$work/image/boot/vmlinuz-$release" "$out/kernel"

# What a module says of itself: lines "depends=a,b".
info() { objcopy -O binary -j .modinfo "$1" /dev/stdout | tr '\0' '\n' | sed -n "s/^$2=//p"; }

# The kernel writes "-" in a module's name as "_". Nothing: it is built in.
find_module() { find "$work/image/lib/modules" -name "$1.ko" -o -name "${1//_/-}.ko" | head -n 1; }

# The modules in the order to load them, each once.
in_order() {
  local name file
  for name in "$@"; do
    file=$(find_module "$name")
    [ -n "$file" ] || continue
    # shellcheck disable=SC2046
    in_order $(info "$file" depends | tr ',' ' ')
    echo "$file"
  done
}

rm -rf "$out/modules"
mkdir "$out/modules"
in_order "${WANTED[@]}" | awk '!seen[$0]++' > "$work/modules"
xargs -a "$work/modules" cp -t "$out/modules"

mkdir -p "$work/extra/lib/stock"
cp "$out/modules"/*.ko "$work/extra/lib/stock"
{
  echo '#!/bin/sh'
  echo '# Loads the kernel'"'"'s modules, then becomes the init of our images.'
  sed 's,.*/,/bin/busybox insmod /lib/stock/,' "$work/modules"
  echo 'exec /init'
} > "$work/extra/stock-init"
chmod 755 "$work/extra/stock-init"

# The kernel unpacks one archive after the other.
built=$here/../../built
part=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8")).images["linux-xen"].parts.initramfs.file' "$built/manifest.json")
{
  gzip -dc "$built/$part"
  node "$here/cpio.mjs" "$work/extra"
} > "$out/initramfs"
echo "debian-kernel: $release, $(wc -l < "$work/modules") modules, in $out"
