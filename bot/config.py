"""Configuration: one TOML file, secrets from the environment, every mistake named with its mend."""

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError, field_validator

from bot.access import AccessConfig
from bot.connecting import SandboxConfig, SlackConfig, WebConfig
from bot.currencies import Currencies
from bot.variables import ConfigError, resolve
from integrations.registry import SOURCES, UNPOLLABLE
from integrations.webhooks import CalledSettings
from scoring.hours import WorkingHours
from scoring.lines import FlagLines
from scoring.members import EVERYBODY, Access
from scoring.playbooks import PLAYBOOKS, Playbook
from scoring.policy import AlertPolicy, Drop, Escalation, MassChange, Route, Threshold
from scoring.rates import NO_RATES, Rates
from scoring.records import Kind
from scoring.rubric import DEFAULT_POINTS, Rubric, Status
from scoring.rules import FLAGS, Rule

T = TypeVar("T")

_SECTIONS = (
    *("general", "slack", "access", "rubric", "alerts", "playbooks"),
    *("sources", "currencies", "web", "sandbox"),
)
HOME_VARIABLE = "BELLWETHER_HOME"


class SourceConfig(BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One source: what it tells, when it is read, how old its last answer may be, and its adapter's own settings."""

    tells: frozenset[Kind]
    every: timedelta = Field(ge=timedelta(minutes=1))
    stale_after: timedelta = Field(ge=timedelta(minutes=1))
    settings: BaseModel


class _Schedule(BaseModel, frozen=True, extra="forbid"):
    """What every section of a source may say: both ISO 8601 durations, like PT30M or P8D."""

    every: timedelta = Field(ge=timedelta(minutes=1))
    stale_after: timedelta | None = Field(default=None, ge=timedelta(minutes=1))


_SCHEDULE = tuple(_Schedule.model_fields)


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
    access: Access = EVERYBODY
    rates: Rates = NO_RATES
    playbooks: Mapping[Rule, Playbook] = field(default_factory=lambda: PLAYBOOKS)
    web: WebConfig | None = None
    sandbox: SandboxConfig | None = None

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
    _only(raw, _SECTIONS, where="")
    told = resolve(raw, os.environ if environment is None else environment, where="")
    sources = {name: _source(name, table) for name, table in _section(told, "sources").items()}
    if not sources:
        raise ConfigError(
            "No source is configured. Add at least one section like [sources.stripe]."
        )
    web = _model(WebConfig, _section(told, "web"), where="web") if "web" in told else None
    slack = _model(SlackConfig, _section(told, "slack"), where="slack")
    if slack.mode == "http" and web is None:
        raise ConfigError(
            'slack.mode is "http", so Slack calls us: add a section [web], and let Slack call its '
            'address with /slack/events at the end; or set slack.mode = "socket".'
        )
    general = _model(General, _section(told, "general"), where="general")
    if general.system_of_record not in sources:
        raise ConfigError(
            f"general.system_of_record is {general.system_of_record!r}, but there is no section "
            f"[sources.{general.system_of_record}]. Add it, or name one of: {', '.join(sources)}."
        )
    if Kind.ACCOUNTS not in sources[general.system_of_record].tells:
        able = [name for name, source in sources.items() if Kind.ACCOUNTS in source.tells]
        raise ConfigError(
            f"general.system_of_record is {general.system_of_record!r}, which tells no accounts. "
            f"Name one that does: {', '.join(able) or 'none is configured'}."
        )
    return Config(
        general=general,
        slack=slack,
        access=_model(AccessConfig, _section(told, "access"), where="access").read(),
        rubric=_rubric(_section(told, "rubric")),
        alerts=_alerts(_section(told, "alerts")),
        playbooks=_playbooks(_section(told, "playbooks")),
        sources={name: _called(name, source, web) for name, source in sources.items()},
        home=home,
        rates=(
            _model(Currencies, _section(told, "currencies"), where="currencies").read()
            if "currencies" in told
            else NO_RATES
        ),
        web=web,
        sandbox=(
            _model(SandboxConfig, _section(told, "sandbox"), where="sandbox")
            if "sandbox" in told
            else None
        ),
    )


def _called(name: str, source: SourceConfig, web: WebConfig | None) -> SourceConfig:
    """The source, told where it is called if it is one that is."""
    settings = source.settings
    if not isinstance(settings, CalledSettings):
        return source
    if web is None:
        title = SOURCES[name].title
        raise ConfigError(
            f"[sources.{name}] is called by {title}: add a section [web], and let {title} call "
            f"its address with /webhooks/{name} at the end."
        )
    if settings.webhook_url or not web.public_url:
        return source
    called_at = {"webhook_url": f"{web.public_url}/webhooks/{name}"}
    return source.model_copy(update={"settings": settings.model_copy(update=called_at)})


def _section(raw: Mapping[str, Any], name: str, *, of: str = "") -> Mapping[str, Any]:
    """A table of the file, empty where there is none. Raises ConfigError for anything but a table."""
    table = raw.get(name, {})
    where = f"{of}.{name}" if of else name
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} must be a section: [{where}].")
    return table


def _source(name: str, table: Any) -> SourceConfig:
    where = f"sources.{name}"
    if name in UNPOLLABLE:
        raise ConfigError(f"[{where}]: {UNPOLLABLE[name]}")
    if name not in SOURCES:
        raise ConfigError(f"[{where}]: there is no source of that name.{_nearest(name, SOURCES)}")
    kind = SOURCES[name]
    told = _section({name: table}, name, of="sources")
    _only(told, (*_SCHEDULE, *kind.settings.model_fields), where=where)
    own = {key: value for key, value in told.items() if key not in _SCHEDULE}
    settings = _model(kind.settings, own, where=where)
    schedule = _model(_Schedule, {"every": kind.every, **_told_of(_SCHEDULE, told)}, where=where)
    # Two missed reads and an hour's slack make a source late.
    slack = kind.stale_after or 2 * schedule.every + timedelta(hours=1)
    return SourceConfig(
        tells=kind.told_by(settings) if kind.told_by else kind.tells,
        every=schedule.every,
        stale_after=schedule.stale_after or slack,
        settings=settings,
    )


def _told_of(keys: Sequence[str], told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: told[key] for key in keys if key in told}


def _rubric(raw: Mapping[str, Any]) -> Rubric:
    own = _section(raw, "points", of="rubric")
    _only(own, tuple(DEFAULT_POINTS), where="rubric.points")
    points = {}
    for component, levels in DEFAULT_POINTS.items():
        told = _section(own, component, of="rubric.points")
        _only(told, tuple(levels), where=f"rubric.points.{component}")
        points[component] = {**levels, **told}
    lines = _dataclass(FlagLines, _section(raw, "flags", of="rubric"), where="rubric.flags")
    told = {"points": points, "flags": lines, "caps": _caps(_section(raw, "caps", of="rubric"))}
    return _dataclass(Rubric, {**raw, **told}, where="rubric")


def _caps(raw: Mapping[str, Any]) -> dict[Rule, Status]:
    """The best status under each flag, by its name in small letters: at_risk."""
    _only(raw, tuple(rule.value for rule in FLAGS if not rule.is_good), where="rubric.caps")
    statuses = {each.name.lower(): each for each in Status if each is not Status.HEALTHY}
    for rule, told in raw.items():
        if told not in statuses:
            raise ConfigError(f"rubric.caps.{rule} must be one of: {', '.join(statuses)}.")
    return {Rule(rule): statuses[told] for rule, told in raw.items()}


_ALERT_SECTIONS: Mapping[str, type[Any]] = {
    "at_risk": Threshold,
    "critical": Threshold,
    "expansion": Threshold,
    "sharp_drop": Drop,
    "mass_change": MassChange,
    "hours": WorkingHours,
    "escalation": Escalation,
}


def _alerts(raw: Mapping[str, Any]) -> AlertPolicy:
    default = AlertPolicy()
    told: dict[str, Any] = {}
    for name, kind in _ALERT_SECTIONS.items():
        own = _section(raw, name, of="alerts")
        whole = {**asdict(getattr(default, name)), **own}
        told[name] = _dataclass(kind, whole, where=f"alerts.{name}")
    routes = raw.get("routes", [])
    if not isinstance(routes, list) or not all(isinstance(each, Mapping) for each in routes):
        raise ConfigError("alerts.routes must be sections: [[alerts.routes]], each with a channel.")
    told["routes"] = [
        _dataclass(Route, each, where=f"alerts.routes.{place}")
        for place, each in enumerate(routes, start=1)
    ]
    return _dataclass(AlertPolicy, {**raw, **told}, where="alerts")


def _playbooks(raw: Mapping[str, Any]) -> dict[Rule, Playbook]:
    """Every rule's playbook; what a section does not say is as usual. An empty watch or task is none."""
    _only(raw, tuple(rule.value for rule in Rule), where="playbooks")
    found: dict[Rule, Playbook] = {}
    for rule, usual in PLAYBOOKS.items():
        own = _section(raw, rule.value, of="playbooks")
        said = {
            key: None if value == "" and key in {"watch", "task"} else value
            for key, value in own.items()
        }
        usually = {each.name: getattr(usual, each.name) for each in fields(Playbook)}
        found[rule] = _dataclass(Playbook, {**usually, **said}, where=f"playbooks.{rule.value}")
    return found


def _dataclass(kind: type[T], raw: Mapping[str, Any], *, where: str) -> T:
    _only(raw, tuple(field.name for field in fields(kind)), where=where)  # type: ignore[arg-type]
    try:
        return TypeAdapter(kind).validate_python(dict(raw))
    except ValidationError as error:
        raise ConfigError(explain(error, where)) from None


M = TypeVar("M", bound=BaseModel)


def _model(kind: type[M], raw: Mapping[str, Any], *, where: str) -> M:
    _only(raw, tuple(kind.model_fields), where=where)
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as error:
        # Not "from error": pydantic's own text quotes the input, and with it the secrets.
        raise ConfigError(explain(error, where)) from None


def _only(raw: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in raw:
        if key not in known:
            full = f"{where}.{key}" if where else key
            raise ConfigError(f"Unknown key {full}.{_nearest(key, known)}")


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(known)}."


def explain(error: ValidationError, where: str) -> str:
    """What is wrong, by key; never the value, which may be a secret."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join([where, *(str(part) for part in problem["loc"])])
        text = problem["msg"].removeprefix("Value error, ")
        is_missing = problem["type"] == "missing"
        lines.append(f"{key} is missing: set it" if is_missing else f"{key}: {text}")
    return "; ".join(lines) + "."
