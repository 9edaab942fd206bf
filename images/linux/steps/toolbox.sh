#!/bin/bash
# toolbox.sh WORK: links the objects of network-tools.sh, namespace-tools.sh and xen-tools.sh, and our own
# tools in tools/, into one program, WORK/userland/toolbox.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: toolbox.sh WORK}" && pwd)
. "$here/environment.sh"

own=(nsview netview ethtool qd tput) others=(ip tc bridge ss tcpdump xtables unshare nsenter lsns) define=()
if [ "$flavour" = xen ]; then
  own+=(vbdfront) others+=(xenstore) define=(-DXEN)
fi

mkdir -p "$work/userland" "$work/objects/private"
cd "$here/../tools"
for tool in "${own[@]}"; do
  GUEST_PARTIAL=1 guest-cc -std=gnu11 -Os -Wall -Wextra -Werror -ffunction-sections -fdata-sections \
    "$tool.c" -o "$work/objects/$tool.o"
done

objects=()
for tool in "${others[@]}" "${own[@]}"; do
  private=$work/objects/private/$tool.o
  objcopy --redefine-sym main=${tool}_main --keep-global-symbol=${tool}_main "$work/objects/$tool.o" "$private"
  objects+=("$private")
done
guest-cc -Os -Wall -Wextra "${define[@]}" "$here/../toolbox/main.c" "${objects[@]}" -Wl,--gc-sections -s -o "$work/userland/toolbox"
