"""Surveys: what every source of answers shares: which questions count, scales brought to ours, whose answer it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.people import account_ref_of, person_hash
from scoring.records import SURVEY_SCALE, SurveyKind, SurveyResponse

COMMENT_MAX = 2_000
# What a sample link carries where the account id belongs: it was sent out as it was copied.
_PLACEHOLDERS = frozenset({"", "xxxxx", "null", "undefined", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that gives a score. `ids` are the names the vendor has for it, the lasting one first."""

    ids: tuple[str, ...]
    kind: SurveyKind
    lowest: int
    highest: int

    def score(self, value: float) -> float:
        """The value on our scale. Raises ValueError for one that is not on the question's."""
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"score: {value:g} is not from {self.lowest} to {self.highest}")
        if self.kind is SurveyKind.NPS:
            return float(value)
        bottom, top = SURVEY_SCALE[SurveyKind.CSAT]
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(bottom + (top - bottom) * share, 4)

    def as_json(self) -> list[Any]:
        return [[*self.ids], self.kind.value, self.lowest, self.highest]


def question_of(kept: Sequence[Any]) -> Question:
    """A question as a cursor kept it."""
    ids, kind, lowest, highest = kept
    return Question(ids=tuple(ids), kind=SurveyKind(kind), lowest=lowest, highest=highest)


def chosen(questions: Iterable[Question], wanted: Sequence[str]) -> tuple[Question, ...]:
    """The questions to read: those that are wanted by a name, else the first of each kind."""
    if wanted:
        return tuple(each for each in questions if not set(wanted).isdisjoint(each.ids))
    first: dict[SurveyKind, Question] = {}
    for each in questions:
        first.setdefault(each.kind, each)
    return tuple(first.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondent:
    """Who answered, as far as it is known. The address is hashed and cut to its domain here, and goes no further."""

    account_ref: str | None
    person: str | None


def respondent(explicit: Any, email: str | None, *, hash_key: bytes) -> Respondent:
    """By the account id the survey's link carried, else by the address's domain."""
    is_id = isinstance(explicit, str | int) and not isinstance(explicit, bool)
    named = str(explicit).strip() if is_id else ""
    known = email if email and "@" in email else None
    return Respondent(
        account_ref=named if named.lower() not in _PLACEHOLDERS else account_ref_of(known),
        person=person_hash(hash_key, known) if known else None,
    )


def responses(
    ident: str,
    scores: Mapping[Question, float],
    who: Respondent,
    texts: Iterable[str],
    *,
    answered_at: datetime,
    updated_at: datetime,
    keeps_comments: bool,
) -> list[SurveyResponse]:
    """One record for each question that was answered; `scores` are on the questions' own scales."""
    comment = "\n".join(text for each in texts if (text := each.strip()))
    return [
        SurveyResponse(
            id=f"{ident}:{question.ids[0]}",
            account_ref=who.account_ref,
            kind=question.kind,
            score=question.score(value),
            answered_at=answered_at,
            updated_at=updated_at,
            person=who.person,
            has_comment=bool(comment),
            comment=(comment[:COMMENT_MAX] or None) if keeps_comments else None,
        )
        for question, value in scores.items()
    ]
