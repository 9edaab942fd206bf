#!/bin/sh
# Says the word a moment later, as something that was started in the background does.
sleep 1
echo "$1" > /root/said
