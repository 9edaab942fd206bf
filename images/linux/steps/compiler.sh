#!/bin/bash
# compiler.sh WORK: writes WORK/tools/bin/guest-cc, this computer's gcc made to produce static i386
# programs with Debian's musl.
#
# gcc -m32 needs no 32-bit packages of its own as long as it is told where everything is: the C
# library's headers and start-up files, the kernel's headers, and the compiler's run-time (libgcc).
#
# With GUEST_PARTIAL set it links what it would have made a program into one relocatable object
# instead, without the C library: toolbox.sh makes one program of several such objects.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: compiler.sh WORK}" && pwd)
. "$here/environment.sh"

sysroot=$work/sysroot
musl=$sysroot/usr/lib/i386-linux-musl
libgcc=$(echo "$sysroot"/usr/lib/gcc/i686-linux-gnu/*)

mkdir -p "$tools/bin"
cat > "$tools/bin/guest-cc" << END
#!/bin/bash
# Written by compiler.sh. -nostdinc and -nostdlib keep this computer's own headers and libraries out.
compile=(-m32 -march=i686 -mtune=generic -nostdinc
  -isystem $sysroot/usr/include/i386-linux-musl -isystem $(gcc -print-file-name=include) -isystem $work/kernel/headers
  -fno-stack-protector -fno-pie -fno-asynchronous-unwind-tables -U_FORTIFY_SOURCE $prefix_map)
# Position-independent code, which some Makefiles ask for, is of no use in a static program.
for argument; do
  shift
  case \$argument in -fPIC|-fpic|-fPIE|-fpie) ;; *) set -- "\$@" "\$argument" ;; esac
done
for argument; do
  case \$argument in
    -c|-S|-E|-M|-MM|-r|--version|-v|-print*|-dump*) exec gcc "\${compile[@]}" -nostdlib "\$@" ;;
  esac
done
if [ -n "\${GUEST_PARTIAL-}" ]; then
  objects=()
  for argument; do
    case \$argument in -Wl,*|-l*|-rdynamic|-static) ;; *) objects+=("\$argument") ;; esac
  done
  # Functions gcc shares between objects stay in groups otherwise, and a group is lost when its symbol
  # is made local.
  exec gcc "\${compile[@]}" -r -nostdlib -Wl,--force-group-allocation "\${objects[@]}"
fi
exec gcc "\${compile[@]}" -static -no-pie -nostdlib -B$libgcc -L$libgcc -L$musl \\
  $musl/crt1.o $musl/crti.o $libgcc/crtbeginT.o "\$@" \\
  -Wl,--build-id=none -Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group $libgcc/crtend.o $musl/crtn.o
END
chmod +x "$tools/bin/guest-cc"
