#!/bin/sh
# What the zone needs once its server runs, made as its administrator where it is missing: a second tier, a user, the
# agent's account, the recurring rule of storage tiering, and a collection whose files are imported.

set -eu
share=/opt/irods-omero/share/irods-omero
images=/tempZone/home/alice/images

iadmin lr | grep -qx tape || iadmin mkresc tape unixfilesystem "$ZONE_HOST:/var/lib/irods/tape"
iadmin lu | grep -qx 'alice#tempZone' || iadmin mkuser alice rodsuser
iadmin moduser alice password "$(cat /run/irods-omero/alice)"
/opt/irods-omero/bin/irods-omero install --create-account --environment /var/lib/irods/.irods/irods_environment.json

SECONDS_ON_FAST=3600 sh "$share/tiers.sh"
iqstat -a | grep -q irods_policy_storage_tiering \
    || irule -r irods_rule_engine_plugin-unified_storage_tiering-instance -F "$share/tiering.r"

# As alice would.
export clientUserName=alice
imkdir -p "$images"
imeta set -C "$images" omero::target "First steps/From iRODS" microscopy
imeta set -C "$images" omero::import file
