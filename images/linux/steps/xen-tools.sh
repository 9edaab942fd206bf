#!/bin/bash
# xen-tools.sh WORK: builds the xenstore tools of Debian's Xen as a relocatable object,
# WORK/objects/xenstore.o, for toolbox.sh. Debian has no xenstore-utils for i386, only the source.
#
# Xen's own build wants its configure script and most of its libraries; the tools are four files.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: xen-tools.sh WORK}" && pwd)
. "$here/environment.sh"
[ "$flavour" = xen ] || exit 0

say "xenstore: compiling"
unpack_source xen
objects=$work/objects/xen
rm -rf "$objects"
mkdir -p "$objects/include"
# The public headers, under the name programs include them by.
ln -s "$work/source/xen/xen/include/public" "$objects/include/xen"

cd "$work/source/xen/tools"
for file in xenstore/xenstore_client.c xenstore/xs_lib.c libs/store/xs.c libs/toolcore/handlereg.c; do
  logged "xenstore-$(basename "$file" .c)" guest-cc -std=gnu99 -Os -ffunction-sections -fdata-sections -DNDEBUG -DUSE_PTHREAD \
    -DXEN_RUN_STORED='"/run/xenstored"' -I"$objects/include" -Iinclude -Ixenstore -c "$file" -o "$objects/$(basename "$file" .c).o"
done
GUEST_PARTIAL=1 guest-cc "$objects"/*.o -o "$work/objects/xenstore.o"
