"""The part inside the iRODS server: for what happens to watched data objects it posts marks, which the agent claims.

A core.py that a site has already is kept. If it defines none of our policy enforcement points, and does not import all
of another module, which may, one line at its top joins the hooks to it::

    from irods_omero.hooks import *

Otherwise two lines at its end have both called, ours first; the answer is the site's, and so is what it raises::

    import irods_omero.hooks
    irods_omero.hooks.chain(globals())

What goes wrong in the hooks is logged and never raised. Only policy enforcement points are exported, because users may
call everything in core.py by its name.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

    Pep = Callable[[Any, Any, Any], Any]

CONTINUE = 5000000


def collected() -> "Dict[str, Pep]":
    """The policy enforcement points by their names."""
    from irods_omero.hooks import content, location, metadata, protection  # noqa: PLC0415 - what fails here is reported

    modules = (content, location, metadata, protection)
    return {name: value for module in modules for name, value in vars(module).items() if name.startswith("pep_")}


def complaint(reason: str) -> "Pep":
    """A policy enforcement point that says once per connection why there are no others."""
    said = []  # type: list[bool]

    def pep(rule_args: "Any", callback: "Any", rei: "Any") -> int:
        try:
            if not said:
                said.append(True)
                callback.writeLine("serverLog", "irods-omero: nothing is watched: {}".format(reason))
        except BaseException:  # noqa: S110 - there is nowhere left to report to
            pass
        return CONTINUE

    return pep


def chain(namespace: "Dict[str, Any]") -> None:
    """Put the hooks into the namespace of a core.py that may have functions of the same names."""
    for name, ours in PEPS.items():
        theirs = namespace.get(name, ours)
        if theirs is ours:
            namespace[name] = ours
        elif getattr(theirs, "joined", None) is not ours:
            namespace[name] = both(ours, theirs)


def both(ours: "Pep", theirs: "Pep") -> "Pep":
    """A policy enforcement point that calls our hook, then the site's own function, whose answer counts."""

    def pep(rule_args: "Any", callback: "Any", rei: "Any") -> "Any":
        ours(rule_args, callback, rei)
        return theirs(rule_args, callback, rei)

    pep.joined = ours  # type: ignore[attr-defined]
    return pep


try:
    PEPS = collected()
except BaseException as failure:
    PEPS = {"pep_database_reg_data_obj_post": complaint("{}: {!a}".format(type(failure).__name__, str(failure)))}

globals().update(PEPS)
__all__ = sorted(PEPS)  # noqa: PLE0605 - the names are those of the functions

SUPPORTED_PEPS = "pep_({})".format("|".join(name[len("pep_") :] for name in sorted(PEPS)))
"""For `regexes_for_supported_peps` in server_config.json: with it the server asks Python for these events only."""
