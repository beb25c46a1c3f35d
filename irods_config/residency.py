"""Says where the bytes of the data objects on a resource are, by the AVU that `tiers.*.residency` names.

For a vault on a file system with tape behind it, which leaves of a file whose bytes have gone there its size and no
blocks (DMF, HPSS, Storage Scale, Lustre HSM). Run it on the resource's server every few minutes, as the iRODS service
account, which is logged in as an administrator; RESOURCE is the storage resource itself, at the end of its hierarchy:

    sudo -H -u irods /opt/irods-omero/bin/python /opt/irods-omero/share/irods-omero/residency.py \
        RESOURCE site::residency dmget

What stands behind the attribute is the command that brings a file back, to which the path is added: it is called for
what somebody asks for by `restage`, may be called again, and should not wait. Without one files have to be brought back
otherwise. `is_on_disk` is the place for another way to ask, and all of this an example of how the AVU can be kept.
"""

import subprocess
import sys
import time
from pathlib import Path

import irods.keywords as kw
from irods.column import In
from irods.helpers import make_session
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, DataObjectMeta, Resource

REQUEST = "omero::request"  # begins with `prefix` of the policy file
AS_ADMIN = {kw.ADMIN_KW: ""}
INLINE = 4096  # at most this many bytes are kept without a block


def is_on_disk(path):
    """Whether the bytes of a file are there."""
    status = Path(path).stat()
    return status.st_blocks > 0 or status.st_size <= INLINE


def main(session, resource, attribute, command=()):
    """Look at all good replicas on a resource, and change what is said of them where it is not so."""
    here = (Resource.name == resource, DataObject.replica_status == "1")
    said, asked = {}, set()
    columns = (DataObject.id, DataObjectMeta.name, DataObjectMeta.value, DataObjectMeta.units)
    for row in session.query(*columns).filter(In(DataObjectMeta.name, [attribute, REQUEST]), *here):
        if row[DataObjectMeta.name] == attribute:
            avu = iRODSMeta(attribute, row[DataObjectMeta.value], row[DataObjectMeta.units] or None)
            said.setdefault(row[DataObject.id], []).append(avu)
        elif row[DataObjectMeta.value] == "restage":
            asked.add(row[DataObject.id])
    columns = (DataObject.id, Collection.name, DataObject.name, DataObject.path)
    for row in list(session.query(*columns).filter(*here)):
        data_id, path, file = row[DataObject.id], f"{row[Collection.name]}/{row[DataObject.name]}", row[DataObject.path]
        try:
            value = "online" if is_on_disk(file) else "moving" if command and data_id in asked else "offline"
            if value == "moving":
                subprocess.run([*command, file], stdin=subprocess.DEVNULL, check=True)  # noqa: S603
            before = said.get(data_id, [])
            if [avu.value for avu in before] != [value]:
                # Only what changes: each change is looked at. And not by `set`, which may change others' AVUs, too.
                new = iRODSMeta(attribute, value, time.strftime("%Y-%m-%d %H:%M"))
                session.metadata.add(DataObject, path, new, **AS_ADMIN)
                for avu in before:
                    session.metadata.remove(DataObject, path, avu, **AS_ADMIN)
        except Exception as error:  # one file's trouble is its own
            print(f"{path}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    with make_session() as session:
        main(session, sys.argv[1], sys.argv[2], sys.argv[3:])
