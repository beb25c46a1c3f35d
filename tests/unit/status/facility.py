"""A facility with names as users may choose them."""

from __future__ import annotations

from irods_omero.domain.state.counts import Due, ImageCount, Outlook, TierCount
from irods_omero.settings import Settings
from irods_omero.status.facility import Facility
from irods_omero.status.status_facts import ErrorSeen, RequestSeen, ResourceUse, StatusFacts
from irods_omero.status.summary import summarise

NOW = 1_800_000_000
HOSTILE = (
    """<b id="x" #010101><script>document.title='taken'</script><img src=x onerror="document.title='taken'">"""
    """ & 'it' "is" $x^2$ 😀"""
)
SETTINGS = Settings.model_validate(
    {
        "zone": {"name": "lab", "host": "icat", "user": "omero-agent"},
        "omero": {"host": "omero", "user": "irods-agent", "name": "OMERO </title> of ours"},
        "watch": {"roots": ["/lab/home/lab"]},
        "tiers": {"fast_resc": {"name": "fast"}, "tape_resc": {"name": "archive"}},
    }
)
IMAGES = (
    ImageCount("a group", "archive", "2026-10", 3, 1, 3_000_000),
    ImageCount("a group", "fast", "2026-12", 2, 2, 500),
    ImageCount(HOSTILE, "fast", "2026-12", 5, 4, 7_000),
    ImageCount("=HYPERLINK(1)", HOSTILE, "2026-12", 1, 1, 1),
)
SEEN = StatusFacts(
    NOW,
    use=(ResourceUse("fast_resc", 6, 7_500), ResourceUse("tape_resc", 3, 3_000_000)),
    errors=(ErrorSeen(f"/lab/{HOSTILE}", f"importing: {HOSTILE}", 3),),
    requests=(RequestSeen(4, "archive"),),
)
FACILITY = Facility(
    NOW,
    "lab",
    "OMERO </title> of ours",
    summarise(SEEN, SETTINGS),
    Outlook((Due("fast_resc", 0, 1, 100), Due("fast_resc", 7, 2, 300)), scheduled=4, scheduled_size=9),
    IMAGES,
    (TierCount("archive", "2026-11", 3), TierCount("fast", "2026-12", 7)),
)
EMPTY = Facility(NOW, "lab", "omero", summarise(StatusFacts(NOW), SETTINGS))
