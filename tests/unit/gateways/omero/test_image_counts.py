from __future__ import annotations

from irods_omero.domain.state.counts import ImageCount
from irods_omero.gateways.omero.image_counts import joined


def test_an_import_across_the_end_of_a_month_loses_neither_images_nor_bytes() -> None:
    images = {(3, "tier:fast", "2026-02"): 4, (3, "tier:fast", "2026-03"): 1}
    files = {(3, "tier:fast", "2026-01"): (1, 900), (3, "tier:fast", "2026-02"): (2, 70)}
    assert joined(images, files, {3: "a group"}) == [
        ImageCount("a group", "fast", "2026-01", 0, 1, 900),
        ImageCount("a group", "fast", "2026-02", 4, 2, 70),
        ImageCount("a group", "fast", "2026-03", 1, 0, 0),
    ]


def test_a_group_that_is_gone_by_then_is_shown_by_its_id() -> None:
    assert joined({(3, "tier:fast", "2026-02"): 1}, {}, {}) == [ImageCount("3", "fast", "2026-02", 1)]
