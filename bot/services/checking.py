"""Checking: what is in force by the configuration, and what in it probably is not meant."""

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Config
from scoring.policy import AlertPolicy
from scoring.readings import day_number
from scoring.rubric import Component, Rubric
from storage import known_names

_SEEN_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that can be meant but seldom is: which setting, what it does, and how to mend it."""

    setting: str
    what: str
    mend: str


def doubts(config: Config) -> list[Doubt]:
    """What can be told from the configuration alone."""
    return [*_of_rubric(config.rubric), *_of_lines(config), *_of_people(config.alerts)]


def unseen(session: Session, config: Config, *, at: datetime) -> list[Doubt]:
    """The plans and features that are configured and that no source has told of."""
    rubric = config.rubric
    named = {"core_features": rubric.core_features, "advanced_features": rubric.advanced_features}
    every = [*rubric.core_features, *rubric.advanced_features]
    used = known_names.features(session, every, since=day_number(at) - _SEEN_DAYS)
    found = [
        Doubt(
            setting=f"rubric.{setting}",
            what=f"nobody used {name!r} in {_SEEN_DAYS} days",
            mend="write it as your analytics tool calls it, or leave it out",
        )
        for setting, names in named.items()
        for name in names
        if name not in used
    ]
    plans = known_names.plans(session)
    wanted = {"rubric.plans": rubric.plans} | {
        f"alerts.routes.{place}.plans": route.plans
        for place, route in enumerate(config.alerts.routes, start=1)
    }
    return found + [
        doubt for where, names in wanted.items() for doubt in _plans(where, names, plans)
    ]


def _of_rubric(rubric: Rubric) -> Iterator[Doubt]:
    total = sum(rubric.weight(each) for each in Component)
    if round(total, 6) != 100:
        yield Doubt(
            setting="rubric.points",
            what=f"the best levels add up to {total:g}, not 100; scores still run from 0 to 100",
            mend="nothing, if it is meant; else let the points be what they add to the score",
        )
    for component in Component:
        if rubric.weight(component) == 0:
            yield Doubt(
                setting=f"rubric.points.{component}",
                what=f"{component} counts nothing",
                mend="give its levels points, or leave it so if you do not want it",
            )
    if not rubric.core_features and rubric.weight(Component.FEATURES):
        yield Doubt(
            setting="rubric.core_features",
            what="it is empty, so features are missing from every score and their points go to the rest",
            mend='name the events that show a feature is used, like ["report_exported"]',
        )


def _of_lines(config: Config) -> Iterator[Doubt]:
    """An alert that fires at another score than its status begins at: people see one and hear the other."""
    rubric, policy = config.rubric, config.alerts
    pairs = (
        ("at_risk", policy.at_risk.fires, "At-risk begins below", rubric.stable, "stable"),
        ("critical", policy.critical.fires, "Critical begins below", rubric.at_risk, "at_risk"),
        ("expansion", policy.expansion.fires, "Healthy begins at", rubric.healthy, "healthy"),
    )
    for name, fires, begins, line, setting in pairs:
        if fires != line:
            yield Doubt(
                setting=f"alerts.{name}.fires",
                what=f"the alert fires at {fires:g}, while {begins} {line:g} (rubric.{setting})",
                mend="make them equal, unless the alert is meant to come earlier or later",
            )


def _of_people(policy: AlertPolicy) -> Iterator[Doubt]:
    for rule in policy.off:
        yield Doubt(
            setting="alerts.off",
            what=f"nobody is told of {rule}",
            mend="take it out of the list to be told again",
        )
    escalation = policy.escalation
    if escalation.after_hours and not escalation.manager and not escalation.backups:
        yield Doubt(
            setting="alerts.escalation",
            what="a critical alert that nobody acknowledges goes to nobody else",
            mend="name a manager by e-mail address, or set after_hours = 0",
        )
    if policy.fallback is None:
        yield Doubt(
            setting="alerts.fallback",
            what="of accounts nobody owns only the channel is told",
            mend="name by e-mail address who is to be told of them",
        )


def _plans(where: str, names: Collection[str], known: Collection[str]) -> Iterator[Doubt]:
    """Plans are compared without regard to case, as they are everywhere."""
    folded = {each.casefold() for each in known}
    for name in names:
        if name.casefold() in folded:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        yield Doubt(
            setting=where,
            what=f"no account is on a plan called {name!r}",
            mend=f"did you mean {near[0]!r}?" if near else "write it as your billing tool calls it",
        )
