#!/bin/sh
# SeaweedFS as one process, with one bucket and one key for that bucket only. Only S3 is reachable from outside
# of the container: its own parts use loopback, since they require no key.
set -eu
refuse() { echo "$1" >&2; exit 78; }
: "${PHOTOCHROM_S3_ACCESS_KEY_ID:=}" "${PHOTOCHROM_S3_SECRET_ACCESS_KEY:=}" "${PHOTOCHROM_STORAGE:=}"
[ "${#PHOTOCHROM_S3_ACCESS_KEY_ID}" -ge 3 ] || refuse "Set PHOTOCHROM_S3_ACCESS_KEY_ID in .env, as photochrom."
[ "${#PHOTOCHROM_S3_SECRET_ACCESS_KEY}" -ge 16 ] ||
    refuse "Set PHOTOCHROM_S3_SECRET_ACCESS_KEY in .env to a secret of your own, 16 characters at least."
case $PHOTOCHROM_S3_ACCESS_KEY_ID$PHOTOCHROM_S3_SECRET_ACCESS_KEY in
*[!A-Za-z0-9_-]*) refuse "Keys of the object store may hold letters, digits, - and _." ;;
esac
case $PHOTOCHROM_STORAGE in
s3://?*) bucket=${PHOTOCHROM_STORAGE#s3://} bucket=${bucket%%/*} ;;
*) refuse "Set PHOTOCHROM_STORAGE in .env to s3://bucket/prefix, as s3://photographs/photochrom." ;;
esac

umask 077
cat >/tmp/s3.json <<CONFIG
{"identities": [{"name": "photochrom",
  "credentials": [{"accessKey": "$PHOTOCHROM_S3_ACCESS_KEY_ID", "secretKey": "$PHOTOCHROM_S3_SECRET_ACCESS_KEY"}],
  "actions": ["Read:$bucket", "Write:$bucket", "List:$bucket"]}]}
CONFIG

# Volumes of a gigabyte, as many as the disk holds; without the statistics that it would send to its makers.
weed -logtostderr=true -v=0 server -dir=/data -ip=127.0.0.1 -ip.bind=127.0.0.1 -s3.ip.bind=0.0.0.0 -filer -s3 \
    -s3.config=/tmp/s3.json -s3.port=8333 -s3.port.iceberg=0 -s3.port.lance=0 -s3.iam=false \
    -s3.autoCreateBucket=false -master.volumeSizeLimitMB=1024 -volume.max=0 -volume.minFreeSpace=1GiB \
    -volume.preStopSeconds=1 -master.telemetry=false &
server=$!
trap 'kill -TERM "$server" 2>/dev/null' TERM INT

# The first start makes the bucket; a later one finds it there. All is read: the shell says "create bucket" before it does,
# and would end at the closed pipe of a reader that has seen enough.
until echo "s3.bucket.create -name $bucket" | weed shell -master=127.0.0.1:9333 2>&1 | grep -i -E "created bucket|already exist" >/dev/null; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.5
done

code=0
wait "$server" || code=$?
# On SIGTERM, `wait` returns at once; wait again while the server finishes its writes.
while kill -0 "$server" 2>/dev/null; do wait "$server" || code=$?; done
[ "$code" -eq 143 ] && code=0
exit "$code"
