"""Init: asks for what a configuration needs, proves each credential as it is given, and writes it down with comments.

What an existing configuration says is offered as the answer, and what is not asked for stays in it.
"""

import os
import secrets
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
import typer
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bot.clock import SystemClock
from bot.config import General, explain
from bot.connecting import SlackConfig, WebConfig
from bot.proving import diagnose_slack
from bot.sandboxing import sandbox_clock
from bot.services.diagnosing import Verdict
from bot.variables import ConfigError, resolve
from integrations.base import ASKED, SourceError
from integrations.registry import SOURCES, open_source
from integrations.webhooks import CalledSettings
from scoring.records import Kind

M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class Draft:
    """The configuration as far as it was answered; `secrets` are values by environment variable."""

    known: Mapping[str, Any]
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """What was known of a section before."""
        table: Any = self.known
        for part in name.split("."):
            table = table.get(part, {}) if isinstance(table, Mapping) else {}
        return table if isinstance(table, Mapping) else {}


def initialise(path: Path) -> None:
    """Ask, prove and write `path`, and beside it the secrets as environment variables. Raises ConfigError."""
    draft = Draft(_known(path))
    if draft.known:
        again = f"{path} is there. I offer what it says as answers and write it anew. Go on?"
        typer.confirm(again, default=True, abort=True)
    typer.echo("I ask for what Bellwether needs and try every credential as you give it.")
    typer.echo(
        "Enter takes what stands in brackets. docs/integrations.md says where each is found."
    )
    _general(draft)
    _slack(draft)
    for name in _chosen(draft):
        _source(draft, name)
    _record(draft)
    env = path.with_suffix(".env")
    path.write_text("\n".join(_written(draft)).lstrip() + "\n", encoding="utf-8")
    _keep_secrets(env, draft.secrets)
    typer.echo(f"\nWritten: {path}, and the secrets to {env}, which only you can read.")
    typer.echo(
        f"Next: set -a; . ./{env.name}; set +a; bellwether db upgrade; bellwether doctor; bellwether run"
    )


def _known(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}. Mend it, or move it away."
        ) from error


def _general(draft: Draft) -> None:
    typer.echo("\nThe team")
    known = dict(draft.section("general"))
    zone = _until_right(
        "The team's time zone, like Europe/Berlin",
        str(known.get("timezone", "UTC")),
        lambda text: General(timezone=text, hash_key=SecretStr("-")),
    )
    draft.sections["general"] = {**known, "timezone": zone}
    if "hash_key" not in known:
        draft.sections["general"]["hash_key"] = "$BELLWETHER_HASH_KEY"
        draft.secrets["BELLWETHER_HASH_KEY"] = secrets.token_hex(32)


def _slack(draft: Draft) -> None:
    typer.echo("\nSlack: make the app at api.slack.com/apps from manifest.yml, and install it")
    by_socket = draft.section("slack").get("mode", "socket") == "socket"
    needless = "signing_secret" if by_socket else "app_token"
    while True:
        given = _ask_all(draft, "slack", SlackConfig, needless=needless)
        try:
            slack = _validated(draft, "slack", SlackConfig, given)
        except ConfigError as error:
            typer.echo(f"  ✗ {error}")
            continue
        if _slack_is_well(slack) or not typer.confirm("  Try again?", default=True):
            draft.sections["slack"] = given
            return


def _slack_is_well(slack: SlackConfig) -> bool:
    from bot.app import slack_client  # noqa: PLC0415 - Slack's libraries take a moment

    findings = diagnose_slack(slack_client(slack), slack, machine_now=SystemClock().now())
    for each in findings:
        typer.echo(f"  {'✓' if each.verdict is Verdict.OK else '✗'} {each.what}: {each.told}")
    return all(each.verdict is Verdict.OK for each in findings)


def _chosen(draft: Draft) -> list[str]:
    typer.echo("\nThe sources there are:")
    for name, kind in SOURCES.items():
        typer.echo(f"  {name:<13} {kind.title}: {', '.join(sorted(kind.tells))}")
    known = ", ".join(draft.section("sources")) or "stripe"
    while True:
        text = typer.prompt("Which do you have? Names with commas between", default=known)
        names = [each.strip().lower() for each in text.split(",") if each.strip()]
        unknown = [each for each in names if each not in SOURCES]
        if names and not unknown:
            return names
        typer.echo(f"  ✗ There is no source called {', '.join(unknown) or 'nothing'}.")


def _source(draft: Draft, name: str) -> None:
    where, kind = f"sources.{name}", SOURCES[name]
    typer.echo(f"\n{kind.title}")
    if issubclass(kind.settings, CalledSettings):
        _web(draft)
    while True:
        given = _ask_all(draft, where, kind.settings)
        if missing := _by_hand(kind.settings, given):
            typer.echo(f"  Write {missing} into the file by hand: docs/{name}.md has them ready.")
            draft.sections[where] = given
            return
        problem = _prove(draft, name, given)
        if problem is None:
            draft.sections[where] = given
            return
        typer.echo(f"  ✗ {problem}")
        if not typer.confirm("  Try again?", default=True):
            if typer.confirm("  Keep it as it is?", default=True):
                draft.sections[where] = given
            return


def _web(draft: Draft) -> None:
    """Where a source that calls is listened to."""
    known = dict(draft.section("web")) | draft.sections.get("web", {})
    said = "The address the world reaches this machine by, https://…"
    url = typer.prompt(f"  {said}", default=known.get("public_url", ""))
    listen = {"listen": known.get("listen", WebConfig().listen)}
    draft.sections["web"] = {**known, **listen, **({"public_url": url} if url else {})}


def _by_hand(settings: type[BaseModel], given: Mapping[str, Any]) -> str:
    """The required tables of settings that nobody can answer in a line, and that are not there yet."""
    return ", ".join(
        name
        for name, info in settings.model_fields.items()
        if info.is_required() and _is_table(info) and name not in given
    )


def _prove(draft: Draft, name: str, given: Mapping[str, Any]) -> str | None:
    """Try the credentials. Returns what is wrong, None when nothing is."""
    own = {key: each for key, each in given.items() if key not in {"every", "stale_after"}}
    try:
        settings = _validated(draft, f"sources.{name}", SOURCES[name].settings, own)
    except ConfigError as error:
        return str(error)
    beside = draft.section("sandbox")  # story time has gone elsewhere than ours
    clock = sandbox_clock(beside["url"]) if beside else SystemClock()
    source = open_source(name, settings, clock=clock, hash_key=b"init")
    try:
        typer.echo(f"  ✓ reaches {source.check()}")
    except SourceError as error:
        return str(error)
    return None


def _record(draft: Draft) -> None:
    """Which source decides what accounts there are; asked only where there is a choice."""
    able = [
        name
        for name in SOURCES
        if f"sources.{name}" in draft.sections and Kind.ACCOUNTS in SOURCES[name].tells
    ]
    general = draft.sections["general"]
    known = general.get("system_of_record", "stripe")
    default = known if known in able else (able or ["stripe"])[0]
    if len(able) > 1:
        typer.echo("\nOne source decides which accounts there are; the others are matched to them.")
        choice = f"Which one? {', '.join(able)}"
        default = _until_right(choice, default, able.index)
    general["system_of_record"] = default


def _ask_all(
    draft: Draft, where: str, settings: type[BaseModel], *, needless: str = ""
) -> dict[str, Any]:
    """What is known of a section, with an answer for each setting that is asked for, `needless` not among them."""
    given = dict(draft.section(where)) | draft.sections.get(where, {})
    for name, info in settings.model_fields.items():
        if name == needless or not _is_asked(name, info):
            continue
        said = info.description or name.replace("_", " ")
        if _is_secret(info):
            variable = f"{where.removeprefix('sources.')}_{name}".upper()
            given[name] = _ask_secret(draft, said, variable, given.get(name))
        elif answer := _ask(said, given.get(name, _default(info)), info):
            given[name] = answer
    return given


def _ask(said: str, default: Any, info: FieldInfo) -> Any:
    """An answer, as the list or number it is to be; None where there is none and none is needed."""
    shown = ", ".join(map(str, default)) if isinstance(default, list | tuple) else default
    needless = "" if not info.is_required() else None
    text = typer.prompt(f"  {said}", default=needless if shown in {None, ""} else str(shown))
    if not str(text).strip():
        return None
    if _is_list(info):
        return [each.strip() for each in text.split(",") if each.strip()]
    return int(text) if info.annotation is int and text.isdigit() else text.strip()


def _ask_secret(draft: Draft, said: str, variable: str, known: str | None) -> str:
    """Where a secret is to be read from; its value goes to the environment file."""
    kept = draft.secrets.get(variable) or os.environ.get(variable)
    hint = " [Enter: as it is]" if kept or known else ""
    text = typer.prompt(
        f"  {said}{hint}", default="" if hint else None, hide_input=True, show_default=False
    )
    if text.strip():
        draft.secrets[variable] = text.strip()
        return f"${variable}"
    return known or f"${variable}"


def _validated(draft: Draft, where: str, kind: type[M], given: Mapping[str, Any]) -> M:
    """The settings with their secrets in the place of the variables' names. Raises ConfigError."""
    revealed = resolve(given, {**os.environ, **draft.secrets}, where=where)
    try:
        return kind.model_validate(revealed)
    except ValidationError as error:
        raise ConfigError(explain(error, where)) from None


def _is_asked(name: str, info: FieldInfo) -> bool:
    is_marked = info.json_schema_extra == ASKED
    return (info.is_required() or is_marked or name == "region") and not _is_table(info)


def _is_secret(info: FieldInfo) -> bool:
    return SecretStr in (info.annotation, *typing.get_args(info.annotation))


def _is_list(info: FieldInfo) -> bool:
    return typing.get_origin(info.annotation) in {tuple, list}


def _is_table(info: FieldInfo) -> bool:
    """Whether it is a table of its own, which nobody can answer in a line."""
    kind = typing.get_origin(info.annotation) or info.annotation
    return isinstance(kind, type) and issubclass(kind, dict | Mapping | BaseModel)


def _until_right(said: str, default: str, check: typing.Callable[[str], Any]) -> str:
    while True:
        text = str(typer.prompt(f"  {said}", default=default)).strip()
        try:
            check(text)
        except ValueError as error:
            why = explain(error, "it") if isinstance(error, ValidationError) else "not one of them."
            typer.echo(f"  ✗ {why}")
        else:
            return text


def _written(draft: Draft) -> Iterator[str]:
    """The file's lines: each section with its answers, and what else can be set as comments."""
    yield "# Bellwether's configuration, written by `bellwether init`. Secrets are read from the environment."
    models: dict[str, type[BaseModel]] = {
        "general": General,
        "slack": SlackConfig,
        "web": WebConfig,
    }
    for name in draft.sections:
        model = models.get(name) or SOURCES[name.removeprefix("sources.")].settings
        yield from _section(name, draft.sections[name], model)
    told = {*draft.sections, "sources"}
    if others := {key: each for key, each in draft.known.items() if key not in told}:
        yield ""
        yield _toml(others)


def _section(name: str, given: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    yield f"\n[{name}]"
    tables = {key: each for key, each in given.items() if isinstance(each, Mapping)}
    for key, each in given.items():
        if key not in tables:
            yield from _described(model.model_fields.get(key))
            yield _toml({key: each})
    for key, info in model.model_fields.items():
        if key not in given and not _is_secret(info):
            yield from _described(info)
            yield from (f"# {line}" for line in _toml({key: _default(info)}).splitlines())
    for key, table in tables.items():
        yield f"\n[{name}.{key}]"
        yield _toml(table)


def _toml(table: Mapping[str, Any]) -> str:
    return tomli_w.dumps(table).rstrip()


def _described(info: FieldInfo | None) -> Iterator[str]:
    if info is not None and info.description:
        yield f"# {info.description}"


def _default(info: FieldInfo) -> Any:
    """What a setting is when it is not set, as TOML can write it; "" where that is nothing."""
    default = info.get_default(call_default_factory=True) if not info.is_required() else None
    if default is None:
        return ""
    if isinstance(default, frozenset | tuple | set):
        return sorted(map(str, default))
    return default if isinstance(default, bool | int | float | str) else str(default)


def _keep_secrets(path: Path, values: Mapping[str, str]) -> None:
    """Add the secrets to a file that only its owner may read; what it said of others stays."""
    kept = dict(
        line.split("=", 1)
        for line in (path.read_text(encoding="utf-8").splitlines() if path.exists() else [])
        if "=" in line and not line.startswith("#")
    )
    kept |= {name: "'" + text.replace("'", "'\\''") + "'" for name, text in values.items()}
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{name}={text}\n" for name, text in kept.items()), encoding="utf-8")
