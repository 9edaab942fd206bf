#!/bin/sh
# The page of every web server here: which sandbox answers, by which address, and whom it takes its visitor for.
printf 'Content-type: text/plain\r\n\r\n'
name=$(ip netns identify)
echo "${name:-$(hostname)} at $(ip -4 -o addr show dev eth0 | awk '{ print $4 }'): you are $(echo "$REMOTE_ADDR" | tr -d '[]' | sed 's/^::ffff://')"
