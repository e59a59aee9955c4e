"""Configuration: one TOML file, secrets from the environment, every mistake named with its mend."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError, field_validator

from integrations.registry import SOURCES
from scoring.alerts import AlertPolicy, Threshold
from scoring.rubric import DEFAULT_POINTS, Rubric

T = TypeVar("T")

HOME_VARIABLE = "BELLWETHER_HOME"


class ConfigError(Exception):
    """The configuration cannot be used. The sentence names the key, what is wrong and how to mend it."""


class SlackConfig(BaseModel, frozen=True, extra="forbid"):
    """How to reach the workspace."""

    bot_token: SecretStr
    app_token: SecretStr
    team_channel: str
    admin_channel: str
    base_url: str = "https://slack.com/api/"

    @field_validator("team_channel", "admin_channel")
    @classmethod
    def _is_an_id(cls, channel: str) -> str:
        if not re.fullmatch(r"[CG][A-Z0-9]+", channel):
            raise ValueError(
                "is not a channel's id; copy it from the foot of the channel's details, like C0123456789"
            )
        return channel


class SourceConfig(BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One source: when it is read, and its adapter's own settings."""

    every: timedelta = Field(ge=timedelta(minutes=1))
    settings: BaseModel

    @property
    def stale_after(self) -> timedelta:
        """Two missed reads and an hour's slack make a source late."""
        return 2 * self.every + timedelta(hours=1)


class General(BaseModel, frozen=True, extra="forbid"):
    """What holds for the whole installation.

    `database` is an SQLAlchemy URL, None: a SQLite file in the home folder. `hash_key` keys the
    hashes end users are kept under. `monitor_at` is the local time of the daily look at critical accounts.
    """

    timezone: str = "UTC"
    system_of_record: str = "stripe"
    database: SecretStr | None = None
    hash_key: SecretStr
    monitor_at: time = time(9)

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone; write one like Europe/Berlin") from None
        return name

    @field_validator("database")
    @classmethod
    def _is_a_database(cls, url: SecretStr | None) -> SecretStr | None:
        # The address is not shown: it may hold a password.
        if url and not url.get_secret_value().startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return url


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that was configured."""

    general: General
    slack: SlackConfig
    rubric: Rubric
    alerts: AlertPolicy
    sources: Mapping[str, SourceConfig]
    home: Path

    @property
    def database_url(self) -> str:
        if self.general.database:
            return self.general.database.get_secret_value()
        return f"sqlite:///{self.home / 'bellwether.db'}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.general.timezone)


def home_folder() -> Path:
    """Where everything Bellwether keeps lies: BELLWETHER_HOME, else .bellwether in the current folder."""
    return Path(os.environ.get(HOME_VARIABLE) or ".bellwether").expanduser().resolve()


def load_config(path: Path, *, home: Path) -> Config:
    """Read a configuration file. Raises ConfigError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"There is no {path}. Copy bellwether.example.toml to {path} and fill it in."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    return parse_config(raw, home=home)


def parse_config(
    raw: Mapping[str, Any], *, home: Path, environment: Mapping[str, str] | None = None
) -> Config:
    """Make a Config of what the TOML says. Raises ConfigError."""
    _only(raw, ("general", "slack", "rubric", "alerts", "sources"), where="")
    told = _resolve(raw, os.environ if environment is None else environment, where="")
    sources = {name: _source(name, table) for name, table in _section(told, "sources").items()}
    if not sources:
        raise ConfigError(
            "No source is configured. Add at least one section like [sources.stripe]."
        )
    general = _model(General, _section(told, "general"), where="general")
    if general.system_of_record not in sources:
        raise ConfigError(
            f"general.system_of_record is {general.system_of_record!r}, but there is no section "
            f"[sources.{general.system_of_record}]. Add it, or name one of: {', '.join(sources)}."
        )
    return Config(
        general=general,
        slack=_model(SlackConfig, _section(told, "slack"), where="slack"),
        rubric=_rubric(_section(told, "rubric")),
        alerts=_alerts(_section(told, "alerts")),
        sources=sources,
        home=home,
    )


def _section(raw: Mapping[str, Any], name: str, *, of: str = "") -> Mapping[str, Any]:
    """A table of the file, empty where there is none. Raises ConfigError for anything but a table."""
    table = raw.get(name, {})
    where = f"{of}.{name}" if of else name
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} must be a section: [{where}].")
    return table


def _source(name: str, table: Any) -> SourceConfig:
    where = f"sources.{name}"
    if name not in SOURCES:
        raise ConfigError(f"[{where}]: there is no source of that name.{_nearest(name, SOURCES)}")
    kind = SOURCES[name]
    told = _section({name: table}, name, of="sources")
    _only(told, ("every", *kind.settings.model_fields), where=where)
    own = {key: value for key, value in told.items() if key != "every"}
    settings = _model(kind.settings, own, where=where)
    every = told.get("every", kind.every)
    return _model(SourceConfig, {"every": every, "settings": settings}, where=where)


def _rubric(raw: Mapping[str, Any]) -> Rubric:
    own = _section(raw, "points", of="rubric")
    _only(own, tuple(DEFAULT_POINTS), where="rubric.points")
    points = {}
    for component, levels in DEFAULT_POINTS.items():
        told = _section(own, component, of="rubric.points")
        _only(told, tuple(levels), where=f"rubric.points.{component}")
        points[component] = {**levels, **told}
    return _dataclass(Rubric, {**raw, "points": points}, where="rubric")


def _alerts(raw: Mapping[str, Any]) -> AlertPolicy:
    default = AlertPolicy()
    lines = {}
    for name in ("at_risk", "critical", "expansion"):
        own = _section(raw, name, of="alerts")
        line = {**asdict(getattr(default, name)), **own}
        lines[name] = _dataclass(Threshold, line, where=f"alerts.{name}")
    return _dataclass(AlertPolicy, {**raw, **lines}, where="alerts")


def _dataclass(kind: type[T], raw: Mapping[str, Any], *, where: str) -> T:
    _only(raw, tuple(field.name for field in fields(kind)), where=where)  # type: ignore[arg-type]
    try:
        return TypeAdapter(kind).validate_python(dict(raw))
    except ValidationError as error:
        raise ConfigError(_explain(error, where)) from None


M = TypeVar("M", bound=BaseModel)


def _model(kind: type[M], raw: Mapping[str, Any], *, where: str) -> M:
    _only(raw, tuple(kind.model_fields), where=where)
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as error:
        # Not "from error": pydantic's own text quotes the input, and with it the secrets.
        raise ConfigError(_explain(error, where)) from None


def _only(raw: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in raw:
        if key not in known:
            full = f"{where}.{key}" if where else key
            raise ConfigError(f"Unknown key {full}.{_nearest(key, known)}")


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(known)}."


def _explain(error: ValidationError, where: str) -> str:
    """What is wrong, by key; never the value, which may be a secret."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join([where, *(str(part) for part in problem["loc"])])
        text = problem["msg"].removeprefix("Value error, ")
        is_missing = problem["type"] == "missing"
        lines.append(f"{key} is missing: set it" if is_missing else f"{key}: {text}")
    return "; ".join(lines) + "."


# Upper case only: "$session_start" is an event of Mixpanel's.
_VARIABLE = re.compile(r"\$([A-Z_][A-Z0-9_]*)\s*")


def _resolve(value: Any, environment: Mapping[str, str], *, where: str) -> Any:
    """Replace "$NAME" by what the environment says, or by the content of the file that NAME_FILE names."""
    if isinstance(value, Mapping):
        return {
            key: _resolve(each, environment, where=f"{where}.{key}".lstrip("."))
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_resolve(each, environment, where=where) for each in value]
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
