"""Configuration: one TOML file, secrets from the environment, every mistake named with its mend."""

import difflib
import os
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
    team_channel: str = Field(pattern=r"^[CG][A-Z0-9]+$", description="id of the team's channel")
    admin_channel: str = Field(
        pattern=r"^[CG][A-Z0-9]+$", description="id of the operators' channel"
    )
    base_url: str = "https://slack.com/api/"


class SourceConfig(BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One source: when it is read, and its adapter's own settings."""

    every: timedelta
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
    database: str | None = None
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
        return self.general.database or f"sqlite:///{self.home / 'bellwether.db'}"

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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    return parse_config(raw, home=home)


def parse_config(
    raw: Mapping[str, Any], *, home: Path, environment: Mapping[str, str] | None = None
) -> Config:
    """Make a Config of what the TOML says. Raises ConfigError."""
    _only(raw, ("general", "slack", "rubric", "alerts", "sources"), where="")
    told = _resolve(raw, os.environ if environment is None else environment, where="")
    sources = {name: _source(name, table) for name, table in told.get("sources", {}).items()}
    if not sources:
        raise ConfigError(
            "No source is configured. Add at least one section like [sources.stripe]."
        )
    general = _model(General, told.get("general", {}), where="general")
    if general.system_of_record not in sources:
        raise ConfigError(
            f"general.system_of_record is {general.system_of_record!r}, but there is no section "
            f"[sources.{general.system_of_record}]. Add it, or name one of: {', '.join(sources)}."
        )
    return Config(
        general=general,
        slack=_model(SlackConfig, told.get("slack", {}), where="slack"),
        rubric=_rubric(told.get("rubric", {})),
        alerts=_alerts(told.get("alerts", {})),
        sources=sources,
        home=home,
    )


def _source(name: str, table: Any) -> SourceConfig:
    where = f"sources.{name}"
    if name not in SOURCES:
        raise ConfigError(f"[{where}]: there is no source of that name.{_nearest(name, SOURCES)}")
    kind = SOURCES[name]
    own = {key: value for key, value in table.items() if key != "every"}
    settings = _model(kind.settings, own, where=where)
    every = table.get("every", kind.every)
    return _model(SourceConfig, {"every": every, "settings": settings}, where=where)


def _rubric(raw: Mapping[str, Any]) -> Rubric:
    points = {component: dict(levels) for component, levels in DEFAULT_POINTS.items()}
    own = raw.get("points", {})
    _only(own, tuple(points), where="rubric.points")
    merged = {
        component: {**levels, **own.get(component, {})} for component, levels in points.items()
    }
    return _dataclass(Rubric, {**raw, "points": merged}, where="rubric")


def _alerts(raw: Mapping[str, Any]) -> AlertPolicy:
    _only(raw, tuple(field.name for field in fields(AlertPolicy)), where="alerts")
    default = AlertPolicy()
    lines = {
        name: _dataclass(
            Threshold, {**asdict(getattr(default, name)), **raw[name]}, where=f"alerts.{name}"
        )
        for name in ("at_risk", "critical", "expansion")
        if name in raw
    }
    return _dataclass(AlertPolicy, {**raw, **lines}, where="alerts")


def _dataclass(kind: type[T], raw: Mapping[str, Any], *, where: str) -> T:
    _only(raw, tuple(field.name for field in fields(kind)), where=where)  # type: ignore[arg-type]
    try:
        return TypeAdapter(kind).validate_python(dict(raw))
    except ValidationError as error:
        raise ConfigError(_explain(error, where)) from error


M = TypeVar("M", bound=BaseModel)


def _model(kind: type[M], raw: Mapping[str, Any], *, where: str) -> M:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where} must be a section: [{where}].")
    _only(raw, tuple(kind.model_fields), where=where)
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as error:
        raise ConfigError(_explain(error, where)) from error


def _only(raw: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in raw:
        if key not in known:
            full = f"{where}.{key}" if where else key
            raise ConfigError(f"Unknown key {full}.{_nearest(key, known)}")


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(known)}."


def _explain(error: ValidationError, where: str) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join([where, *(str(part) for part in problem["loc"])])
        text = (
            "is missing"
            if problem["type"] == "missing"
            else problem["msg"].removeprefix("Value error, ")
        )
        lines.append(f"{key}: {text}")
    return "; ".join(lines) + "."


def _resolve(value: Any, environment: Mapping[str, str], *, where: str) -> Any:
    """Replace "$NAME" by what the environment says, or by the content of the file that NAME_FILE names."""
    if isinstance(value, Mapping):
        return {
            key: _resolve(each, environment, where=f"{where}.{key}".lstrip("."))
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_resolve(each, environment, where=where) for each in value]
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    name = value[1:]
    if name in environment:
        return environment[name]
    if (file := environment.get(f"{name}_FILE")) and Path(file).is_file():
        return Path(file).read_text(encoding="utf-8").strip()
    raise ConfigError(
        f"{where} asks for the environment variable {name}, which is not set (nor is {name}_FILE)."
    )
