"""Rule tests: a file of somebody's own score series with the alerts they expect of them."""

import difflib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from bot.blocks.alert_words import RULES
from bot.variables import ConfigError
from scoring.alerts import Change
from scoring.lagging import BillingEventKind
from scoring.policy import AlertPolicy
from scoring.rehearsing import Comparison, Happening, Step, compare, rehearse
from scoring.rules import FLAGS, Quiet, Rule

START = datetime(2026, 1, 5, 12, tzinfo=UTC)  # a Monday, where a case gives no instants of its own

Score = Annotated[float, Field(ge=0, le=100)] | Literal["none", "stale", "gap"] | None
LookNumber = Annotated[int, Field(ge=1)]


def _instant(told: Any) -> Any:
    """An instant or a date, as TOML has them or as ISO 8601 text; a date is its noon, and without a zone it is UTC's."""
    if isinstance(told, str):
        kind = date if len(told) == len("2026-03-01") else datetime
        try:
            told = kind.fromisoformat(told)
        except ValueError:
            raise ValueError("is no instant; write one like 2026-03-01T09:00:00Z") from None
    if isinstance(told, date) and not isinstance(told, datetime):
        told = datetime.combine(told, time(12))
    if isinstance(told, datetime) and told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    return told


def _rule(told: Any) -> Any:
    if isinstance(told, str) and told not in set(Rule):
        near = difflib.get_close_matches(told, list(Rule), n=1)
        tail = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(Rule)}."
        raise ValueError(f"there is no rule {told!r}. {tail}")
    return told


RuleName = Annotated[Rule, BeforeValidator(_rule)]


class _Expected(BaseModel, frozen=True, extra="forbid"):
    """One thing that must happen; `quiet` says why nobody is told, None: somebody is."""

    look: LookNumber
    rule: RuleName
    change: Change
    quiet: Quiet | None = None

    def as_happening(self) -> Happening:
        return Happening(look=self.look, rule=self.rule, change=self.change, quiet=self.quiet)


class _Event(BaseModel, frozen=True, extra="forbid"):
    look: LookNumber
    kind: BillingEventKind


class _Case(BaseModel, frozen=True, extra="forbid"):
    """A series and what it must lead to. `at` gives every look its own instant, else they are `step` apart."""

    name: str = Field(min_length=1)
    scores: list[Score] = Field(min_length=1)
    step: timedelta = Field(default=timedelta(days=1), gt=timedelta(0))
    at: list[Annotated[datetime, BeforeValidator(_instant)]] | None = None
    flags: dict[RuleName, list[LookNumber]] = {}
    events: list[_Event] = []
    expect: list[_Expected] = []

    @model_validator(mode="after")
    def _fits(self) -> Self:
        count = len(self.scores)
        if self.at is not None and len(self.at) != count:
            raise ValueError(f"at: has {len(self.at)} instants for {count} scores")
        if self.at is not None and any(
            after <= before for before, after in zip(self.at, self.at[1:], strict=False)
        ):
            raise ValueError("at: each look must come after the one before")
        for rule in self.flags:
            if rule not in FLAGS:
                raise ValueError(f"flags: {rule} is no flag. Flags are: {', '.join(FLAGS)}.")
        for what, number in self._named():
            if number > count:
                raise ValueError(f"{what}: there is no look {number}; the series has {count}")
            if self.scores[number - 1] == "gap" and what != "events":
                raise ValueError(f"{what}: look {number} is a gap: nobody looked")
        return self

    def _named(self) -> Iterator[tuple[str, int]]:
        """Every look that is named, with where."""
        yield from (("expect", each.look) for each in self.expect)
        yield from (("events", each.look) for each in self.events)
        for rule, looks in self.flags.items():
            yield from ((f"flags.{rule}", each) for each in looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One case and how it went; `scores` are what was written, for the words."""

    name: str
    scores: Sequence[float | str | None]
    result: Comparison


def run(path: Path, policy: AlertPolicy) -> list[Tried]:
    """Try every case of a file, in its order. Raises ConfigError, which names the case and the field."""
    return [_try(case, policy) for case in _cases(path)]


def describe(tried: Sequence[Tried]) -> Iterator[str]:
    """A line a case, what differs under it, and a sum at the end."""
    for each in tried:
        yield f"{'ok' if each.result.is_right else 'FAILED':<7} {each.name}"
        yield from (f"        {line}" for line in _differences(each))
    failed = sum(not each.result.is_right for each in tried)
    yield f"{len(tried)} {'case' if len(tried) == 1 else 'cases'}: {len(tried) - failed} ok, {failed} failed"


def as_json(tried: Sequence[Tried]) -> dict[str, Any]:
    return {
        "failed": sum(not each.result.is_right for each in tried),
        "cases": [
            {
                "name": each.name,
                "ok": each.result.is_right,
                "missed": [_plain(one) for one in each.result.missed],
                "unexpected": [_plain(one) for one in each.result.unexpected],
            }
            for each in tried
        ],
    }


def _cases(path: Path) -> list[_Case]:
    raw = read(path)
    if unknown := [key for key in raw if key != "case"]:
        raise ConfigError(f"{path}: unknown key {unknown[0]}. A rule test has [[case]] only.")
    told = raw.get("case")
    if not isinstance(told, list) or not told:
        raise ConfigError(f"{path}: it has no case. Begin one with [[case]].")
    cases = [_case(path, number, each) for number, each in enumerate(told, start=1)]
    twice = [name for name, count in Counter(each.name for each in cases).items() if count > 1]
    if twice:
        raise ConfigError(
            f"{path}: two cases are called “{twice[0]}”. Give each a name of its own."
        )
    return cases


def _case(path: Path, number: int, raw: Any) -> _Case:
    name = raw.get("name") if isinstance(raw, Mapping) else None
    where = f"{path}: case {number}{f' (“{name}”)' if isinstance(name, str) else ''}"
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where} must be a table: [[case]].")
    try:
        return _Case.model_validate(dict(raw))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first thing that is wrong with a case, by its field; places in a list count from 1."""
    # A misspelt key first: what it should have been is missing then, too.
    problem = min(
        error.errors(include_input=False, include_url=False),
        key=lambda each: each["type"] != "extra_forbidden",
    )
    loc = [each for each in problem["loc"] if not _is_branch(each)]
    field = ".".join(str(each + 1) if isinstance(each, int) else str(each) for each in loc)
    text = _SAID.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{field} is missing."
    if problem["type"] == "extra_forbidden":
        known = [*(_Case if len(loc) == 1 else _Expected).model_fields]
        near = difflib.get_close_matches(str(loc[-1]), known, n=1)
        return f"unknown key {field}." + (f" Did you mean {near[0]}?" if near else "")
    if loc and loc[0] == "scores":
        return f'{field} must be a score from 0 to 100, or "none", "stale" or "gap".'
    return f"{field}: {text}" if field else text


_SAID = {
    "model_type": "must be a table, like { look = 3, … }",
    "dict_type": "must be a table, like { payment_issue = [3, 4] }",
    "list_type": "must be a list, like [3, 4]",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "time_delta_parsing": "must be an ISO 8601 duration, like P1D or PT4H",
    "time_delta_type": "must be an ISO 8601 duration, like P1D or PT4H",
}


def _is_branch(part: int | str) -> bool:
    """Whether it says which of several types was tried, or which side of a table: no word of the file's."""
    return isinstance(part, str) and (
        part.startswith(("constrained", "literal[")) or part in {"[key]", "float"}
    )


def _try(case: _Case, policy: AlertPolicy) -> Tried:
    happened = rehearse(_steps(case), policy, judged=frozenset(case.flags))
    expected = [each.as_happening() for each in case.expect]
    return Tried(name=case.name, scores=case.scores, result=compare(happened, expected))


def _steps(case: _Case) -> list[Step]:
    """The looks of a case. At a stale one the last known score is kept; at a gap nobody looks."""
    instants = case.at or [START + n * case.step for n in range(len(case.scores))]
    steps: list[Step] = []
    last: float | None = None
    waiting: list[BillingEventKind] = []
    for number, (score, at) in enumerate(zip(case.scores, instants, strict=True), start=1):
        waiting += [each.kind for each in case.events if each.look == number]
        if score == "gap":
            continue
        value = last if score == "stale" else None if isinstance(score, str) else score
        last = last if value is None else value
        steps.append(
            Step(
                number=number,
                at=at,
                value=value,
                is_stale=score == "stale",
                raised=frozenset(rule for rule, looks in case.flags.items() if number in looks),
                events=tuple(waiting),
            )
        )
        waiting = []
    return steps


def _differences(tried: Tried) -> Iterator[str]:
    for one in tried.result.missed:
        yield f"{_look(tried, one)}: expected {_said(one)}; it did not happen"
    for one in tried.result.unexpected:
        yield f"{_look(tried, one)}: {_said(one)}, which was not expected"


def _look(tried: Tried, one: Happening) -> str:
    score = tried.scores[one.look - 1]
    return f"look {one.look} ({'none' if score is None else score if isinstance(score, str) else f'{score:g}'})"


def _said(one: Happening) -> str:
    quiet = f", told to nobody ({one.quiet})" if one.quiet else ""
    return f"{RULES[one.rule]} ({one.rule}) {one.change}{quiet}"


def _plain(one: Happening) -> dict[str, Any]:
    return {"look": one.look, "rule": one.rule, "change": one.change, "quiet": one.quiet}


def read(path: Path) -> dict[str, Any]:
    """A TOML file, or a JSON one if it is called so. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"There is no {path}.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text in UTF-8.") from None
    is_json = path.suffix.lower() == ".json"
    try:
        raw = json.loads(text) if is_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid {'JSON' if is_json else 'TOML'}: {error}."
        ) from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} must be a table.")
    return raw
