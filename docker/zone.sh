#!/bin/sh
# Starts the zone. When the container is new, iRODS is set up first. The rules are installed, or brought up to date, at
# each start; what needs a running server (a second tier, accounts, the recurring rule) is made when it answers.

set -eu
here=/opt/irods-omero/docker
home=/var/lib/irods
ready=$home/irods-omero-ready

rm -f "$ready"
if [ ! -e /etc/irods/server_config.json ]; then
    install -d -o irods -g irods "$home/fast" "$home/tape"
    umask 077
    python3 "$here/zone_setup.py" "$ZONE_HOST" "$DATABASE_HOST" /run/irods-omero > /run/irods-omero/setup.json
    umask 022
    python3 /var/lib/irods/scripts/setup_irods.py --json_configuration_file /run/irods-omero/setup.json
    rm /run/irods-omero/setup.json
fi
/opt/irods-omero/bin/irods-omero install --policy /etc/irods-omero/policy.json --with-tiering
chown -R irods:irods /run/irods-omero

su irods --shell /bin/sh --command '/usr/sbin/irodsServer --stdout' &
server=$!
trap 'kill -TERM "$(cat /var/run/irods/irods-server.pid)"' TERM INT
until "$here/zone_health.sh"; do
    kill -0 "$server"
    sleep 1
done
su irods --shell /bin/sh --command "$here/zone_contents.sh"
touch "$ready"

# A signal ends the first wait, and the server goes on until it has finished what it is doing.
wait "$server" || wait "$server"
