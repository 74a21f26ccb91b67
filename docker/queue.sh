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
