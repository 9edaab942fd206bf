#!/bin/bash
# rom.sh WORK: assembles WORK/rom/image, the 64 KiB the processor starts with.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: rom.sh WORK}" && pwd)
. "$here/environment.sh"

mkdir -p "$work/rom"
gcc -m32 -c "$here/../rom/rom.S" -o "$work/rom/rom.o"
ld -m elf_i386 -Ttext=0 -e 0 --oformat binary -o "$work/rom/image" "$work/rom/rom.o"
[ "$(stat -c %s "$work/rom/image")" = 65536 ] || fail "rom: the image is not 64 KiB"
