#!/bin/bash
# initramfs.sh WORK: makes WORK/initramfs/image, a cpio archive of everything the guest starts with.
#
# The archive is written by the kernel's own gen_init_cpio from a list of lines (its usage says how they
# read), so device nodes need no root here, and order and owners are ours. Its option -t sets the times of
# folders, links and nodes; a file's is taken from the disk, so every file goes in by a copy with our time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: initramfs.sh WORK}" && pwd)
. "$here/environment.sh"

user=$work/userland release=$(cat "$work/kernel/release") result=$work/initramfs
rm -rf "$result"
mkdir -p "$result"

# file PATH FROM MODE: a line for a regular file.
file() {
  local copy=$result/files$1
  mkdir -p "$(dirname "$copy")"
  cp "$2" "$copy"
  touch -d "@$SOURCE_DATE_EPOCH" "$copy"
  echo "file $1 $copy $3 0 0"
}

folders() {
  local path
  for path in /bin /dev /etc /etc/iproute2 /etc/modprobe.d /home /lib /lib/modules "/lib/modules/$release" /mnt /opt \
    /proc /run /sbin /sys /usr /usr/bin /usr/lib /usr/lib/ringside /usr/sbin /usr/share /usr/share/help \
    /usr/share/udhcpc /var /var/lib /var/lib/misc /var/log; do
    echo "dir $path 755 0 0"
  done
  echo "dir /root 700 0 0"
  echo "dir /home/student 755 1000 1000"
  echo "dir /tmp 1777 0 0"
  echo "slink /var/run ../run 777 0 0"
  echo "slink /var/tmp ../tmp 777 0 0"
  # The kernel opens this one for init before init has mounted /dev.
  echo "nod /dev/console 600 0 0 c 5 1"
}

# Our own files, from root/ as they lie there. Those in a folder of programs are programs.
own_files() {
  local path mode
  (cd "$here/../root" && find . -type f | sed 's/^\.//' | LC_ALL=C sort) | while read -r path; do
    case $path in */bin/* | */sbin/* | *.script) mode=755 ;; *) mode=644 ;; esac
    file "$path" "$here/../root$path" $mode
  done
}

# The help pages, English and Chinese, each language in one file (root/bin/help says how); those of one
# flavour are in a folder of its name.
help_pages() {
  local language page
  for language in en zh; do
    for page in "$here/../help/$language"/*.txt "$here/../help/$flavour/$language"/*.txt; do
      [ ! -e "$page" ] || echo "$(basename "$page" .txt) $page"
    done | sort | while read -r name page; do
      printf '\f%s\n' "$name"
      cat "$page"
    done > "$result/help-$language"
    file "/usr/share/help/$language" "$result/help-$language" 644
  done
}

programs() {
  local path name
  file "/init" "$user/ringside" 755
  echo "slink /sbin/layer /init 777 0 0"
  file "/bin/busybox" "$user/busybox" 755
  # busybox.links has one path a line, where each applet belongs; modprobe is ours (root/sbin/modprobe).
  grep -vxE '/(bin/busybox|sbin/modprobe|linuxrc)' "$work/source/busybox/busybox.links" | LC_ALL=C sort -u | while read -r path; do
    echo "slink $path /bin/busybox 777 0 0"
  done
  file "/usr/lib/ringside/toolbox" "$user/toolbox" 755
  for name in ip tc bridge ss tcpdump ethtool iptables iptables-save iptables-restore; do
    echo "slink /sbin/$name /usr/lib/ringside/toolbox 777 0 0"
  done
  for name in unshare nsenter lsns nsview netview qd tput; do echo "slink /usr/bin/$name /usr/lib/ringside/toolbox 777 0 0"; done
  [ "$flavour" != xen ] || xen_programs
}

xen_programs() {
  local name
  for name in vbdfront xenstore xenstore-{chmod,exists,list,ls,read,rm,watch,write}; do
    echo "slink /usr/bin/$name /usr/lib/ringside/toolbox 777 0 0"
  done
}

# A stub for every tool of a layer, at the tool's own path, and the list by which stubs know themselves.
stubs() {
  local list layer path
  for list in "$work"/layers/*.tools; do
    layer=$(basename "$list" .tools)
    while read -r path; do
      echo "slink $path /init 777 0 0"
      echo "$path $layer" >> "$result/tools"
    done < "$list"
  done
  file "/usr/lib/ringside/tools" "$result/tools" 644
}

modules() {
  local file
  for file in modules.dep modules.alias modules.symbols; do
    file "/lib/modules/$release/$file" "$work/modules/$file" 644
  done
}

# Names iproute2 prints and reads: tables, protocols, scopes, DS fields, groups.
iproute2_names() {
  local name
  for name in group rt_dsfield rt_protos rt_scopes rt_tables; do
    file "/etc/iproute2/$name" "$work/source/iproute2/etc/iproute2/$name" 644
  done
}

cat > "$result/os-release" << END
NAME="Ringside Linux"
PRETTY_NAME="Ringside (Linux $release, built from Debian 12)"
ID=ringside
ID_LIKE=debian
VERSION_ID=1
END

{
  folders
  own_files
  file "/etc/os-release" "$result/os-release" 644
  echo "slink /bin/man help 777 0 0"
  help_pages
  programs
  stubs
  modules
  iproute2_names
} > "$result/list"
"$work/build/kernel/usr/gen_init_cpio" -t "$SOURCE_DATE_EPOCH" "$result/list" > "$result/image"
