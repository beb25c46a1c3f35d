from __future__ import annotations

import pytest

from irods_omero.domain.rules.causes import cause_of

PATH = "/lab/home/alice/my images/cells 7.ome.tiff"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"importing '{PATH}': no such user", "importing '…': no such user"),
        ("error-on-init: Unknown file format: cells 7.ome.tiff", "error-on-init: Unknown file format: …"),
        (
            "reading '/lab/b': it has 17 bytes, and 34 by the catalog",
            "reading '…': it has N bytes, and N by the catalog",
        ),
        ("/lab/home/alice has 2 values of omero::target", "… has N values of omero::target"),
        ("looking for the target 'Dataset:7': no such thing", "looking for the target 'Dataset:7': no such thing"),
        ("becoming the OMERO user 'alice in lab'", "becoming the OMERO user 'alice in lab'"),
        ("it is on tier tape/slow, out of reach", "it is on tier tape/slow, out of reach"),
        (
            "/lab/run is not imported: it is not as l.md5 says: 2 files are missing: Miller; 1958.tif, b.tif; "
            "1 file is different: c.tif (another checksum)",
            "… is not imported: it is not as l.md5 says: N files are missing: …",
        ),
        (
            "it is not what was imported: to have it imported, request import: 1 file is new: Miller.tif",
            "it is not what was imported: to have it imported, request import: N file is new: …",
        ),
        ("2 files are written or moved since: a.tif, b.tif", "N files are written or moved since: …"),
        ("1 file is not in l.md5, and no part of it: Miller.tif", "N file is not in l.md5, and no part of it: …"),
        (
            "/lab/run is imported, and 1 file is new and not: Miller.tif; it waits",
            "… is imported, and N file is new and not: …",
        ),
    ],
)
def test_a_cause_is_the_error_without_what_is_one_units_own(text: str, cause: str) -> None:
    assert cause_of(text, PATH) == cause
    assert cause_of(cause, PATH) == cause
