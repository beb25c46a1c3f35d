#!/bin/sh
# Runs a command with the secrets as files that only this container's user may read: as they are mounted, their rights
# are those that they have on the host.

set -eu
umask 077
for secret in /run/secrets/*; do
    [ -f "$secret" ] && cp "$secret" "/run/irods-omero/$(basename "$secret")"
done
exec "$@"
