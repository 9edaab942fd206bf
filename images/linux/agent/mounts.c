/*
 * The file systems and settings of a freshly started machine.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file systems that live in memory may together take nine tenths of it (the root half, by the
 * kernel's default): a student who fills them all still has a machine that starts a shell.
 */
static const struct {
    const char *type, *path, *options;
    unsigned long flags;
} mounts[] = {
    { "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "devtmpfs", "/dev", "mode=755", MS_NOSUID },
    { "devpts", "/dev/pts", "mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC },
    { "tmpfs", "/dev/shm", "mode=1777,size=10%", MS_NOSUID | MS_NODEV },
    { "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "debugfs", "/sys/kernel/debug", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "tmpfs", "/tmp", "mode=1777,size=25%", MS_NOSUID | MS_NODEV },
    { "tmpfs", "/run", "mode=755,size=5%", MS_NOSUID | MS_NODEV },
};

/* There in a Xen guest alone: the kernel makes the folder when it finds Xen. */
#define XENFS "/proc/xen"

static const struct {
    const char *path, *value;
} settings[] = {
    /* What a child group may limit. The root group may hand a controller on while it has processes. */
    { "/sys/fs/cgroup/cgroup.subtree_control", "+cpu" },
    { "/sys/fs/cgroup/cgroup.subtree_control", "+memory" },
    { "/sys/fs/cgroup/cgroup.subtree_control", "+pids" },
    { "/sys/fs/cgroup/cgroup.subtree_control", "+io" },
    /* No tunnel devices that nobody asked for in every new network namespace. */
    { "/proc/sys/net/core/fb_tunnels_only_for_init_net", "2" },
};

static void set(const char *path, const char *value)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, value, strlen(value)) < 0) complain("%s: %s", path, strerror(errno));
    if (file >= 0) close(file);
}

/*
 * The kernel refuses pivot_root(2) while "/" is the very first mount, the one the initramfs was
 * unpacked into: it has no parent to hang the old root on. A container lab needs pivot_root, so we
 * bind that file system onto itself and step into the copy, which has a parent. Nothing is moved.
 */
static void make_root_pivotable(void)
{
    if (mount("/", "/mnt", NULL, MS_BIND, NULL) || chdir("/mnt") || mount(".", "/", NULL, MS_MOVE, NULL)
        || chroot(".") || chdir("/"))
        complain("the root could not be bound to itself: %s", strerror(errno));
}

void mount_everything(void)
{
    make_root_pivotable();
    chmod("/", 0755); /* the kernel's own tmpfs is open to everybody */
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        mkdir(mounts[i].path, 0755);
        if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags, mounts[i].options))
            complain("%s: %s", mounts[i].path, strerror(errno));
    }
    if (!access(XENFS, F_OK) && mount("xenfs", XENFS, "xenfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        complain(XENFS ": %s", strerror(errno));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) set(settings[i].path, settings[i].value);

    symlink("/proc/self/fd", "/dev/fd");
    symlink("/proc/self/fd/0", "/dev/stdin");
    symlink("/proc/self/fd/1", "/dev/stdout");
    symlink("/proc/self/fd/2", "/dev/stderr");
    mkdir("/run/netns", 0755);
}

void set_up_network(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request)) complain("lo: %s", strerror(errno));
    if (any >= 0) close(any);
}
