#!/bin/sh
# The password goes through stdin: command lines can be read by every process of the host.
set -eu
refuse() { echo "$1" >&2; exit 78; }
: "${PHOTOCHROM_QUEUE_PASSWORD:?set it in .env}"
case $PHOTOCHROM_QUEUE_PASSWORD in
*[!A-Za-z0-9._~-]*) refuse "PHOTOCHROM_QUEUE_PASSWORD is part of an address: letters, digits and . _ ~ - only." ;;
*password* | *secret* | *changeme* | *change-me* | *example*) refuse "PHOTOCHROM_QUEUE_PASSWORD is a word that anybody tries; see .env.example." ;;
esac
[ "${#PHOTOCHROM_QUEUE_PASSWORD}" -ge 16 ] || refuse "PHOTOCHROM_QUEUE_PASSWORD has fewer than 16 characters; see .env.example."
# Refusing a job is better than being killed with all jobs at every start. The rest is for rewriting the file.
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || echo max)
case $limit in
*[!0-9]* | ????????????????*) limit=0 ;; # no limit, or the number that stands for none
esac
exec valkey-server - <<CONFIG
dir /data
bind * -::*
protected-mode yes
requirepass ${PHOTOCHROM_QUEUE_PASSWORD}
appendonly yes
appendfsync everysec
save ""
maxmemory $((limit / 4 * 3))
maxmemory-policy noeviction
CONFIG
