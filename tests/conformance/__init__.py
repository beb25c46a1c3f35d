"""What a zone and an OMERO server do, in tests that only clients take part in: the lab is held to it as real ones are.

By default the lab's servers are asked. ``IRODS_OMERO_TEST_ZONE`` and ``IRODS_OMERO_TEST_OMERO`` name real ones
(``tests/scene/places.py`` says how); use servers for trying things out, as users, groups, resources and tier groups are
made there, and stay.

Ids such as ``zone-12`` or ``omero-07`` in the docstrings name facts of ``lab/FACTS.md``.

``test_zone_peps.py`` needs ``tracing/core.py`` as the zone's ``/etc/irods/core.py``; its first lines say how.
"""
