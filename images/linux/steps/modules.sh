#!/bin/bash
# modules.sh WORK: puts the kernel's modules into folders by layer, WORK/modules/LAYER/*.ko, and writes
# what modprobe needs to find them all, WORK/modules/modules.{dep,alias}.
#
# Every guest has the whole list, so that asking for a module tells which layer to fetch.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: modules.sh WORK}" && pwd)
. "$here/environment.sh"

layer_of() {
  case $1 in
    nf_tables | nft_* | nf_reject_ipv6) echo nft ;;
    ip_gre | gre | ipip | tunnel4 | bonding | br_netfilter | xt_physdev | macvtap | tap | vrf) echo links ;;
    xen-netback | xen-blkback) echo backends ;;
    *) echo disk ;;
  esac
}

# What a module says of itself: lines "depends=a,b", "alias=…".
info() { objcopy -O binary -j .modinfo "$1" /dev/stdout | tr '\0' '\n' | sed -n "s/^$2=//p"; }

# name -> LAYER/name.ko; the kernel writes "-" in a module's name as "_".
path_of() {
  local file
  for file in "$1" "${1//_/-}"; do
    [ -e "$work/kernel/modules/$file.ko" ] && { echo "$(layer_of "$file")/$file.ko"; return; }
  done
  fail "modules: there is no module $1"
}

# All a module needs: each after what it needs itself.
needs() {
  local name path
  for name in $(info "$1" depends | tr ',' ' '); do
    path=$(path_of "$name")
    needs "$work/kernel/modules/$(basename "$path")"
    echo "$path"
  done
}

result=$work/modules
rm -rf "$result"
for layer in "${layer_names[@]}"; do mkdir -p "$result/$layer"; done
for module in "$work"/kernel/modules/*.ko; do
  name=$(basename "$module" .ko)
  path=$(path_of "$name")
  cp "$module" "$result/$path"
  # modprobe loads the list from its end.
  echo "$path: $(needs "$module" | awk '!seen[$0]++' | tac | tr '\n' ' ')" | sed 's/ *$//' >> "$result/modules.dep"
  # Nothing here announces PCI devices to modprobe; the drivers' long lists of them stay out.
  info "$module" alias | grep -v '^pci:' | sed "s/.*/alias & ${name//-/_}/" >> "$result/modules.alias" || true
done
: > "$result/modules.symbols"
