#!/bin/sh
# A tier group of two tiers, with storage tiering's own AVUs. Run it as the iRODS service account, which is logged in as
# an administrator, with the names below set to resources of the zone: roots of their hierarchies, and each in one group
# only. It may be run again.
#
#   sudo -H -u irods env FAST=fast TAPE=tape sh /opt/irods-omero/share/irods-omero/tiers.sh

set -eu

GROUP=${GROUP:-images}
FAST=${FAST:-fast}                # tier 0: where images arrive, and come back to
TAPE=${TAPE:-tape}                # tier 1: where they go when nobody has used them
SECONDS_ON_FAST=${SECONDS_ON_FAST:-2592000}   # 30 days
PREFIX=${PREFIX:-omero}           # "prefix" of the policy file

imeta set -R "$FAST" irods::storage_tiering::group "$GROUP" 0
imeta set -R "$TAPE" irods::storage_tiering::group "$GROUP" 1
imeta set -R "$FAST" irods::storage_tiering::time "$SECONDS_ON_FAST"

# What comes back goes to the first tier, and a copy is trusted only when its checksum is that of the original.
imeta set -R "$FAST" irods::storage_tiering::minimum_restage_tier true
imeta set -R "$TAPE" irods::storage_tiering::verification checksum

# What is to leave the first tier: as in storage tiering's own query, what was not used for the time above; but not
# what somebody has asked to keep (an AVU, or the tag "keep" in OMERO), nor the parts of an OME-Zarr hierarchy whose
# zarr.json or .zattrs is to be kept. iRODS's query language cannot say "without", so this is SQL, of PostgreSQL. The
# time is read from the AVU above, and the resources below the root are found anew each time. Storage tiering wants
# these five columns in this order.
QUERY="${PREFIX}_leave_${FAST}"
SQL="select d.data_name, c.coll_name, d.data_owner_name, d.data_owner_zone, d.data_repl_num
from R_DATA_MAIN d
join R_COLL_MAIN c on c.coll_id = d.coll_id
join R_OBJT_METAMAP om on om.object_id = d.data_id
join R_META_MAIN m on m.meta_id = om.meta_id
where m.meta_attr_name = 'irods::access_time'
and coalesce(m.meta_attr_unit, '') <> 'irods::storage_tiering::migration_scheduled'
and m.meta_attr_value < (
select cast(cast(extract(epoch from now()) as bigint) - cast(t.meta_attr_value as bigint) as varchar)
from R_RESC_MAIN r
join R_OBJT_METAMAP ot on ot.object_id = r.resc_id
join R_META_MAIN t on t.meta_id = ot.meta_id
where r.resc_name = '$FAST' and t.meta_attr_name = 'irods::storage_tiering::time')
and d.resc_id in (
with recursive below(id) as (
select resc_id from R_RESC_MAIN where resc_name = '$FAST'
union all
select r.resc_id from R_RESC_MAIN r join below on r.resc_parent = cast(below.id as varchar))
select id from below)
and not exists (
select 1 from R_OBJT_METAMAP ok
join R_META_MAIN k on k.meta_id = ok.meta_id
where ok.object_id = d.data_id
and k.meta_attr_name = '$PREFIX::request' and k.meta_attr_value = 'keep')
and d.coll_id not in (
select b.coll_id from R_META_MAIN k
join R_OBJT_METAMAP ok on ok.meta_id = k.meta_id
join R_DATA_MAIN s on s.data_id = ok.object_id
join R_COLL_MAIN z on z.coll_id = s.coll_id
join R_COLL_MAIN b on substr(b.coll_name || '/', 1, length(z.coll_name) + 1) = z.coll_name || '/'
where k.meta_attr_name = '$PREFIX::request' and k.meta_attr_value = 'keep'
and s.data_name in ('zarr.json', '.zattrs') and z.coll_name like '%.zarr')"

iadmin rsq "$QUERY" 2>/dev/null || true
iadmin asq "$(printf '%s' "$SQL" | tr '\n' ' ')" "$QUERY"
imeta set -R "$FAST" irods::storage_tiering::query "$QUERY" specific

imeta ls -R "$FAST"
imeta ls -R "$TAPE"
