#!/bin/bash
# toolbox.sh WORK: links the objects of network-tools.sh and namespace-tools.sh, and our own tools in
# tools/, into one program, WORK/userland/toolbox.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: toolbox.sh WORK}" && pwd)
. "$here/environment.sh"

mkdir -p "$work/userland" "$work/objects/private"
(cd "$here/../tools" && GUEST_PARTIAL=1 guest-cc -std=gnu11 -Os -Wall -Wextra -ffunction-sections -fdata-sections \
  nsview.c -o "$work/objects/nsview.o")

objects=()
for tool in ip tc bridge ss tcpdump xtables unshare nsenter lsns nsview; do
  private=$work/objects/private/$tool.o
  objcopy --redefine-sym main=${tool}_main --keep-global-symbol=${tool}_main "$work/objects/$tool.o" "$private"
  objects+=("$private")
done
guest-cc -Os -Wall -Wextra "$here/../toolbox/main.c" "${objects[@]}" -Wl,--gc-sections -s -o "$work/userland/toolbox"
