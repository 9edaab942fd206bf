#!/usr/bin/env bash
# npm test: everything a change must pass, cheapest first. Tests drive Debian's Chromium; it is installed when it is
# missing and we may.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! [ -x /usr/bin/chromium ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "The tests drive /usr/bin/chromium, which is not here. Install it: sudo apt-get install chromium fonts-noto-cjk" >&2
    exit 1
  fi
  echo "Installing Chromium for the browser tests …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk > /dev/null
fi

step() { printf '\n== %s\n' "$1"; }

step "format and lint"
npx biome check .
step "types and layers"
npx tsc -b
step "images"
npm run --silent ringside -- image verify
step "the site"
npx vite build --logLevel warn
step "tests"
npx vitest run
step "labs"
for lab in public/labs/*/; do npm run --silent ringside -- lab check "$(basename "$lab")"; done
