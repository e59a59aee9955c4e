"""Typeform's shapes: forms with their questions, responses, and how far they have been read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError, field_validator

from integrations.base import Cursor
from integrations.payload import Instant
from integrations.surveys import Question
from scoring.records import SurveyKind

_NPS_STEPS = 11  # an opinion scale of 0 to 10
_STEPS_UNSAID = {"rating": 5, "opinion_scale": _NPS_STEPS}
_NEVER = "0001-"
_LONG_TEXT = "long_text"  # a short text may ask for a name


class FormInList(BaseModel):
    id: str = Field(min_length=1)
    last_updated_at: str | None = None


class _Properties(BaseModel):
    fields: tuple["_Field", ...] = ()
    steps: int | None = Field(default=None, ge=2, le=11)
    start_at_one: bool = False


class _Field(BaseModel):
    """A question, or a group of them."""

    id: str
    type: str
    ref: str | None = None
    properties: _Properties | None = None

    def questions(self) -> Iterator[Question]:
        given = self.properties or _Properties()
        ids = tuple(dict.fromkeys(each for each in (self.id, self.ref) if each))
        if self.type == "nps":
            yield Question(ids=ids, kind=SurveyKind.NPS, lowest=0, highest=10)
        elif self.type in _STEPS_UNSAID:
            steps = given.steps or _STEPS_UNSAID[self.type]
            lowest = int(self.type == "rating" or given.start_at_one)
            is_nps = self.type == "opinion_scale" and (steps, lowest) == (_NPS_STEPS, 0)
            kind = SurveyKind.NPS if is_nps else SurveyKind.CSAT
            yield Question(ids=ids, kind=kind, lowest=lowest, highest=lowest + steps - 1)
        for each in given.fields:
            yield from each.questions()


class Form(BaseModel):
    fields: tuple[_Field, ...]

    def questions(self) -> list[Question]:
        return [question for each in self.fields for question in each.questions()]


class _AnsweredField(BaseModel):
    id: str
    type: str | None = None


class _Answer(BaseModel):
    field: _AnsweredField
    number: float | None = None
    text: str | None = None
    email: str | None = None


class Response(BaseModel):
    """A response. One that was begun and not sent has no `submitted_at`, or the year 1."""

    token: str = Field(min_length=1)
    submitted_at: Instant | None = None
    hidden: Mapping[str, Any] | None = None
    answers: tuple[_Answer, ...] | None = None

    @field_validator("submitted_at", mode="before")
    @classmethod
    def _sent(cls, at: Any) -> Any:
        return None if isinstance(at, str) and at.startswith(_NEVER) else at

    @property
    def email(self) -> str | None:
        return next((each.email for each in self.answers or () if each.email), None)

    @property
    def texts(self) -> Iterator[str]:
        return (
            each.text for each in self.answers or () if each.text and each.field.type == _LONG_TEXT
        )

    def scores(self, questions: Sequence[Question]) -> dict[Question, float]:
        """What was answered to the questions, on their own scales."""
        given = {each.field.id: each.number for each in self.answers or ()}
        return {
            question: number
            for question in questions
            if (number := given.get(question.ids[0])) is not None
        }


class _Place(BaseModel):
    token: str | None = None
    submitted_at: Instant | None = None


class Place(NamedTuple):
    """Where a response stands in the list, as far as it can be read."""

    token: str | None
    submitted_at: Any


def place_of(row: Any) -> Place:
    token = row.get("token") if isinstance(row, dict) else None
    try:
        found = _Place.model_validate(row)
    except ValidationError:
        return Place(token if isinstance(token, str) and token else None, None)
    return Place(found.token or None, found.submitted_at)


@dataclass
class Book:
    """What a cursor holds.

    `read` is how far each form has been read to the end, `since` where a form begins that was
    never read (None: as far back as the settings say), `known` the questions of forms by when they
    were changed last, `walk` the form that is being read, its next token and when that began.
    """

    read: dict[str, str] = field(default_factory=dict)
    since: str | None = None
    known: dict[str, list[Any]] = field(default_factory=dict)
    walk: dict[str, str] | None = None

    def finish(self, form: str, began_at: str, *, is_last: bool) -> None:
        """A form has been read to the end; with the last one, a wish to begin elsewhere is fulfilled."""
        self.read, self.walk = {**self.read, form: began_at}, None
        self.since = None if is_last else self.since

    def as_cursor(self) -> Cursor:
        return {"read": self.read, "since": self.since, "known": self.known, "walk": self.walk}
