#!/bin/sh
# Makes the passwords and keys that compose.yaml names, once: docker/make_secrets.sh

set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

# Other users of this machine cannot reach them through the folder; users within containers have to read them.
make() {
    if [ ! -e "secrets/$1" ]; then
        LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$2" > "secrets/$1"
        chmod 444 "secrets/$1"
    fi
}

for name in postgres irods_database irods_admin irods_agent omero_database omero_root omero_agent alice; do
    make "$name" 24
done
make zone_key 32
make negotiation_key 32    # iRODS wants exactly 32
echo "the secrets are in $(pwd)/secrets; alice's password is in $(pwd)/secrets/alice"
