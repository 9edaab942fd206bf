#!/bin/bash
# agent.sh WORK: builds WORK/userland/ringside, which is init, the agent and the stubs of layers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: agent.sh WORK}" && pwd)
. "$here/environment.sh"

mkdir -p "$work/userland" "$work/build"
cd "$here/../agent"

# The part that needs no guest is tried here first.
gcc -std=gnu11 -Wall -Wextra -Werror -fsanitize=address,undefined test/frames.c frames.c -o "$work/build/frames-test"
LD_LIBRARY_PATH='' "$work/build/frames-test" || fail "agent: the tests of its frames failed"

guest-cc -std=gnu11 -Os -Wall -Wextra -Werror -ffunction-sections -fdata-sections \
  ./*.c -Wl,--gc-sections -s -o "$work/userland/ringside"
