"""What /etc/irods/core.py contains: the hooks of the OMERO policies, imported so that nothing broken stops the zone.

The rule engine imports this module once per connection, and a zone whose core.py cannot be imported serves nobody. It
also lets users call by name whatever is in this namespace: that is the hooks, and nothing else. A site that has a
core.py of its own keeps it, and joins the hooks to it as irods_omero.hooks says.
"""

try:  # noqa: SIM105 - contextlib is one more import
    from irods_omero.hooks import *  # noqa: F403
except BaseException:  # noqa: S110 - without the package nothing can report; `irods-omero doctor` says so
    pass
