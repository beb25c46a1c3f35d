"""The exceptions of the real server, by the kind of failure."""

from __future__ import annotations

import Ice
import omero


def made(name: str, message: str) -> Exception:
    """Return one of the server's exceptions, with the class that the real one names."""
    failure: Exception = getattr(omero, name)(None, f"ome.conditions.{name}", message)
    return failure


def api_usage(message: str) -> Exception:
    """Return the exception for a wrong use of the interface."""
    return made("ApiUsageException", message)


def refused(what: str) -> Exception:
    """Return the exception for what the real server does and the lab does not."""
    return api_usage(f"lab OMERO does not offer {what}")


def violation(message: str) -> Exception:
    """Return the exception for what is not allowed."""
    return made("SecurityViolation", message)


def unknown(name: str, message: str) -> Exception:
    """Return what a client gets for an exception of the server that the interface does not declare."""
    return Ice.UnknownException(f"ome.conditions.{name}: {message}")  # type: ignore[no-any-return]


def validation(message: str) -> Exception:
    """Return the exception for data that the database would not take."""
    return made("ValidationException", message)


def unavailable(java: str, identity: int) -> Exception:
    """Return the exception for an object that is not there, or not for the caller."""
    return api_usage(
        f"The requested object ({java},{identity}) is not available.\nPlease use IQuery.find to determine existence.\n"
    )
