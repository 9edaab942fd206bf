# shellcheck shell=sh
# xen-hotplug-common.sh: what the scripts beside it share. Sourced with XENBUS_PATH set: the backend's folder
# in xenstore, such as backend/vif/3/0.

# Prints a key of the backend's, or nothing when there is none.
key() { xenstore-read "$XENBUS_PATH/$1" 2> /dev/null; }

# The kernel's backend and the toolstack both wait for this word.
success() {
  xenstore-write "$XENBUS_PATH/hotplug-status" connected
  xenstore-rm "$XENBUS_PATH/hotplug-error" 2> /dev/null # of an earlier attempt
}

# fatal MESSAGE…: the device cannot be made. The message is for whoever looks into xenstore, and the log.
fatal() {
  xenstore-write "$XENBUS_PATH/hotplug-error" "$*" "$XENBUS_PATH/hotplug-status" error
  echo "<3>$0: $XENBUS_PATH: $*" > /dev/kmsg
  exit 1
}
