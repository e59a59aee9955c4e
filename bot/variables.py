"""Variables: what the configuration leaves to the environment, and the error for all that cannot be used."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ConfigError(Exception):
    """The configuration cannot be used. The sentence names the key, what is wrong and how to mend it."""


# Upper case only: "$session_start" is an event of Mixpanel's.
_VARIABLE = re.compile(r"\$([A-Z_][A-Z0-9_]*)\s*")


def resolve(value: Any, environment: Mapping[str, str], *, where: str) -> Any:
    """Replace "$NAME" by what the environment says, or by the content of the file that NAME_FILE names.

    Raises ConfigError, naming `where`, for a variable that is not set.
    """
    if isinstance(value, Mapping):
        return {
            key: resolve(each, environment, where=f"{where}.{key}".lstrip("."))
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [resolve(each, environment, where=where) for each in value]
    if isinstance(value, str) and (asked := _VARIABLE.fullmatch(value)):
        return _variable(asked[1], environment, where=where)
    return value


def _variable(name: str, environment: Mapping[str, str], *, where: str) -> str:
    """What the environment says, without the line's end a file or a shell may have left at it."""
    if name in environment:
        said, told_by = environment[name], f"the environment variable {name}"
    elif f"{name}_FILE" in environment:
        told_by = f"the file {environment[f'{name}_FILE']} ({name}_FILE)"
        said = _secret_file(Path(environment[f"{name}_FILE"]), f"{where} asks for {told_by}")
    else:
        raise ConfigError(
            f"{where} asks for the environment variable {name}, which is not set (nor is {name}_FILE)."
        )
    if not said.strip():
        raise ConfigError(f"{where} asks for {told_by}, which is empty.")
    return said.strip()


def _secret_file(path: Path, asked: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{asked}, which cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{asked}, which is not text.") from None
