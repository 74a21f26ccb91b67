#!/bin/sh
# nginx with the certificate in /certificates (tls.crt and tls.key), or with a self-signed one for its name.
set -eu
refuse() { echo "$1" >&2; exit 78; }
: "${PHOTOCHROM_DOMAIN:=localhost}" "${PHOTOCHROM_AUTH:=}" "${PHOTOCHROM_HTTPS_PUBLISH:=127.0.0.1:8443}"
case $PHOTOCHROM_DOMAIN in
*[!A-Za-z0-9.-]* | .* | -*) refuse "PHOTOCHROM_DOMAIN is '$PHOTOCHROM_DOMAIN'; give a host name, as photos.example." ;;
esac
# The same rule as the API's own: no public service without authentication.
case $PHOTOCHROM_HTTPS_PUBLISH in
127.*:* | localhost:* | '[::1]:'*) ;;
*) [ -n "$PHOTOCHROM_AUTH" ] || refuse "The proxy would let in all who reach $PHOTOCHROM_HTTPS_PUBLISH and ask nobody \
who they are. Set PHOTOCHROM_AUTH=keys and make a key with \`photochrom keys create\`, or PHOTOCHROM_AUTH=none." ;;
esac

given=/certificates own=/tmp/own
if [ -e "$given/tls.crt" ] || [ -e "$given/tls.key" ]; then
    certificate=$given/tls.crt key=$given/tls.key
    for file in "$certificate" "$key"; do
        [ -r "$file" ] || refuse "$file is missing, or user 10001 may not read it."
    done
    hsts='add_header Strict-Transport-Security "max-age=31536000" always;'
else
    certificate=$own.crt key=$own.key
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 -subj "/CN=$PHOTOCHROM_DOMAIN" \
        -addext "subjectAltName=DNS:$PHOTOCHROM_DOMAIN" -keyout "$key" -out "$certificate" 2>/dev/null
    # Nobody may be held to a certificate that the next start replaces.
    hsts=
    echo "No certificate in /certificates: using a self-signed one; browsers will warn about it." >&2
fi

port=:${PHOTOCHROM_HTTPS_PUBLISH##*:}
[ "$port" = :443 ] && port=
sed -e "s|@CERTIFICATE@|$certificate|; s|@KEY@|$key|; s|@DOMAIN@|$PHOTOCHROM_DOMAIN|g; s|@PORT@|$port|; s|@HSTS@|$hsts|" \
    /etc/photochrom/nginx.conf >/tmp/nginx.conf
exec nginx -c /tmp/nginx.conf -p /tmp -e stderr
