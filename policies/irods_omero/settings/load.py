"""Reads the configuration file and the secrets that it names, and says plainly what is wrong with them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from irods_omero.errors import SettingsError
from irods_omero.settings.mistakes import NO_SUCH_KEY, Where, in_words
from irods_omero.settings.model import Settings
from irods_omero.settings.positions import Positions
from irods_omero.settings.reference import keys
from irods_omero.vocabulary import POLICY_FILE, POLICY_FILE_VARIABLE

ZONE_PASSWORD_VARIABLE = "IRODS_OMERO_ZONE_PASSWORD"  # noqa: S105 - the name of a variable
OMERO_PASSWORD_VARIABLE = "IRODS_OMERO_OMERO_PASSWORD"  # noqa: S105 - the name of a variable


def settings_path(given: str | None = None) -> Path:
    """The configuration file: the given one, the one that the environment names, or the usual one."""
    return Path(given or os.environ.get(POLICY_FILE_VARIABLE) or POLICY_FILE)


def load_settings(path: Path) -> Settings:
    """Read and check the configuration.

    Raises:
        SettingsError: With one line for each mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}:{error.lineno}: not JSON: {error.msg} (column {error.colno})") from error
    positions = Positions(text)
    if positions.twice:
        lines = ((positions.line(where), ".".join(map(str, where)), before) for where, before in positions.twice)
        text = "\n".join(f"{path}:{line}: {key}: is there twice, first in line {first}" for line, key, first in lines)
        raise SettingsError(text)
    try:
        return Settings.model_validate(fields)
    except ValidationError as error:
        mistakes = dict.fromkeys(map(in_words, error.errors()))
        raise SettingsError("\n".join(_message(path, positions, *mistake) for mistake in mistakes)) from None


def _message(path: Path, positions: Positions, where: Where, text: str) -> str:
    if text == NO_SUCH_KEY and (meant := get_close_matches(str(where[-1]), _keys_beside(where), 1)):
        text += f"; is {meant[0]} meant?"
    return f"{path}:{positions.line(where)}: {'.'.join(map(str, where)) or 'the file'}: {text}"


def _keys_beside(where: Where) -> Iterator[str]:
    """The keys that there may be in place of one that is not known."""
    for key, _ in keys(Settings.model_json_schema()):
        *above, name = key.replace("[]", ".*").split(".")
        if len(above) == len(where) - 1 and all(part in ("*", at) for part, at in zip(above, where, strict=False)):
            yield name


def read_secret(path: str | None, variable: str, environment: Mapping[str, str] = os.environ) -> str:
    """A password, from the environment if it is there and from its file otherwise.

    Raises:
        SettingsError: When neither holds one. The message never holds the secret.
    """
    if environment.get(variable):
        return environment[variable]
    if not path:
        raise SettingsError(f"no password: name a password_file in the configuration, or set {variable}")
    return read_secret_file(path)


def read_secret_file(path: str, what: str = "the password file") -> str:
    """The secret that a file holds, without white space around it; ``what`` is what messages call the file.

    Raises:
        SettingsError: It cannot be read, or is empty. The message never holds the secret.
    """
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {what} cannot be read: {error}") from error
    if not secret:
        raise SettingsError(f"{path}: {what} is empty")
    return secret
