#!/bin/bash
# kernel.sh WORK: builds Debian's kernel source into
#   WORK/kernel/image      the setup header of a bzImage and, behind it, the bare kernel
#   WORK/kernel/System.map its symbols
#   WORK/kernel/modules/   every module, stripped of debugging information
#   WORK/kernel/headers/   the kernel's headers for programs (used by userland.sh)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: kernel.sh WORK}" && pwd)
. "$here/environment.sh"

source=$work/source/linux build=$work/build/kernel result=$work/kernel
wishes=("$here/../config/kernel.config")
[ "$flavour" = plain ] || wishes+=("$here/../config/$flavour.config")
mkdir -p "$work/source" "$build" "$result"

say "kernel: unpacking"
dpkg-deb --fsys-tarfile "$packages"/native/linux-source-6.1_*.deb \
  | tar -x -O ./usr/src/linux-source-6.1.tar.xz > "$work/source/linux.tar.xz"
rm -rf "$source" && mkdir "$source"
tar -xf "$work/source/linux.tar.xz" -C "$source" --strip-components=1
rm "$work/source/linux.tar.xz"

make_kernel() { make -C "$source" ARCH=i386 O="$build" KCFLAGS="$prefix_map" KAFLAGS="$prefix_map" "$@"; }

say "kernel: configuring"
logged kernel-tinyconfig make_kernel tinyconfig
(cd "$source" && logged kernel-merge ./scripts/kconfig/merge_config.sh -m -O "$build" "$build/.config" "${wishes[@]}")
logged kernel-olddefconfig make_kernel olddefconfig

# A wish that Kconfig did not grant (an option renamed, a dependency missing) stops the build here and
# not in a lab. Where two files name an option, the later one is meant.
while IFS='=' read -r name value; do
  if [ "$value" = n ]; then
    ! grep -q "^$name=" "$build/.config" || fail "kernel: $name=n was not granted"
  else
    grep -qxF "$name=$value" "$build/.config" || fail "kernel: $name=$value was not granted"
  fi
done < <(awk -F= '/^CONFIG_/ { wish[$1] = $0 } END { for (name in wish) print wish[name] }' "${wishes[@]}")

say "kernel: compiling"
logged kernel-build make_kernel -j"$jobs" bzImage modules
logged kernel-headers make_kernel headers

# The host enters the kernel at its 32-bit entry point, so all it needs of the bzImage is the setup
# header, which says how long the setup code is and what the kernel can do. Behind it we put the bare
# kernel in the place of the compressed one; "syssize" (offset 0x1f4, in units of 16 bytes) follows.
# Layout: Documentation/x86/boot.rst, "The Real-Mode Kernel Header".
say "kernel: putting the image together"
objcopy -O binary -R .note -R .comment -S "$build/vmlinux" "$build/vmlinux.bare"
node "$here/bare-image.mjs" "$build/arch/x86/boot/bzImage" "$build/vmlinux.bare" "$result/image"
cp "$build/System.map" "$result/System.map"
cp "$build/include/config/kernel.release" "$result/release"

rm -rf "$result/modules" "$result/headers"
mkdir "$result/modules" "$result/headers"
find "$build" -name '*.ko' | LC_ALL=C sort | while read -r module; do
  objcopy --strip-debug --remove-section=.comment --remove-section=.note.gnu.build-id \
    "$module" "$result/modules/$(basename "$module")"
done
cp -r "$build/usr/include/." "$result/headers/"
