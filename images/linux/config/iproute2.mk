# iproute2's config.mk, written instead of probed for: none of its optional libraries (libmnl, libelf,
# libbpf, libcap, SELinux) is in the guest, and a probe would look at this computer's.
IPTC:=n
TC_CONFIG_ATM:=n
TC_CONFIG_NO_XT:=y
HAVE_SETNS:=y
CFLAGS += -DHAVE_SETNS -DHAVE_HANDLE_AT -DNEED_STRLCPY -D_GNU_SOURCE
