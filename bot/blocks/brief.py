"""The daily brief: one message in the morning with what a CSM has to know of today."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.blocks import kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import Block, Message
from scoring.accounts import Account
from scoring.playbooks import Task
from scoring.rubric import Rubric
from scoring.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalLine:
    """An account that is Critical, for so many days; `held_by` is the member who has it."""

    account: Account
    days: int
    value: float | None
    held_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstableLine:
    """An account of which a rule fires again and again."""

    account: Account
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task that is due, or was."""

    task: Task
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefView:
    """What one person has to know of one day."""

    on: date
    critical: tuple[CriticalLine, ...]
    unstable: tuple[UnstableLine, ...]
    tasks: tuple[TaskLine, ...]
    at: datetime

    @property
    def is_empty(self) -> bool:
        return not (self.critical or self.unstable or self.tasks)


def render_brief(view: BriefView, *, rubric: Rubric) -> Message:
    """Tasks first: they are what can be done."""
    worst = sorted(
        view.critical, key=lambda line: (line.value is None, line.value, line.account.id)
    )
    tasks = [
        words.task_line(each.task, view.at, of=words.name_of(each.account)) for each in view.tasks
    ]
    critical = [_critical(line, rubric) for line in worst]
    unstable = [
        f"• {words.name_of(each.account)}: “{RULES[each.rule]}” keeps coming and going"
        for each in view.unstable
    ]
    counts = [
        words.plural(len(view.tasks), "task") + " due" if view.tasks else "",
        f"{words.count(len(view.critical))} Critical" if view.critical else "",
        f"{words.count(len(view.unstable))} unstable" if view.unstable else "",
    ]
    said = ", ".join(each for each in counts if each)
    blocks: list[Block | None] = [
        kit.header(f"Today: {said}"),
        kit.lines(tasks, title="*Due*"),
        kit.lines(critical, title="*Critical*"),
        kit.lines(unstable, title="*Unstable* (no alerts for these until they settle)"),
        kit.context(
            "Begin at the top. `/health tasks mine` has every task, `/health critical mine` the rest."
        ),
    ]
    return kit.message(f"Today: {said}", blocks)


def _critical(line: CriticalLine, rubric: Rubric) -> str:
    status = None if line.value is None else rubric.status(line.value)
    score = words.score_text(line.value, status, rubric)
    who = f" · {words.mention(line.held_by)} has it" if line.held_by else " · nobody has it yet"
    return f"• *{words.name_of(line.account)}* {score} · day {line.days}{who}"
