#!/bin/sh
# The password goes through stdin: command lines can be read by every process of the host.
set -eu
: "${PHOTOCHROM_QUEUE_PASSWORD:?set it in .env}"
exec valkey-server - <<CONFIG
dir /data
bind * -::*
protected-mode yes
requirepass ${PHOTOCHROM_QUEUE_PASSWORD}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
CONFIG
