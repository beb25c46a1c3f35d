"""One firing of a policy enforcement point: its arguments, the client behind it, and the way back into the server."""

from irods_omero.vocabulary import AGENT_PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from irods_omero.hooks.settings import HookSettings

ADMINISTRATOR = 5


class HookEvent(object):
    """What a hook is given."""

    __slots__ = ("args", "callback", "rei", "settings")

    def __init__(self, settings: "HookSettings", args: "Any", callback: "Any", rei: "Any") -> None:
        self.settings = settings
        self.args = args
        self.callback = callback
        self.rei = rei

    def text(self, index: int) -> str:
        """An argument that is a text; one that the client left out comes as None, and is as good as empty."""
        argument = self.args[index]
        return "" if argument is None else str(argument)

    def is_by_agent(self) -> bool:
        """Whether the client is our agent; its account inside the delay server moves data, and is not."""
        connection, settings = self.rei.rsComm, self.settings
        if str(connection.clientUser.userName) != settings.agent_user or str(connection.option) != AGENT_PROGRAM:
            return False
        return not settings.zone or str(connection.clientUser.rodsZone) == settings.zone

    def is_by_administrator(self) -> bool:
        """Whether the client is an administrator of this zone."""
        return int(self.rei.rsComm.clientUser.authInfo.authFlag) >= ADMINISTRATOR
