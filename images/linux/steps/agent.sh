#!/bin/bash
# agent.sh WORK: builds WORK/userland/ringside, which is init, the agent and the stubs of layers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "${1:?usage: agent.sh WORK}" && pwd)
. "$here/environment.sh"

mkdir -p "$work/userland"
cd "$here/../agent"
guest-cc -std=gnu11 -Os -Wall -Wextra -Werror -ffunction-sections -fdata-sections \
  ./*.c -Wl,--gc-sections -s -o "$work/userland/ringside"
