"""SurveyMonkey's shapes: surveys with their questions, and responses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from integrations.payload import plausible
from integrations.surveys import Question, chosen
from scoring.records import SurveyKind

_NPS_CHOICES = 11
_NUMBER = re.compile(r"\d+")

# SurveyMonkey writes instants in UTC, with an offset or without.
Utc = Annotated[datetime, AfterValidator(plausible)]


class _Shape(BaseModel, coerce_numbers_to_str=True):
    """The documentation calls ids integers and shows them as text."""


class SurveyInList(_Shape):
    id: str
    date_modified: str | None = None


class _Choice(_Shape):
    id: str
    text: str = ""
    position: int = 0
    weight: float | None = None
    visible: bool = True
    is_na: bool = False

    @property
    def counts(self) -> bool:
        return self.visible and not self.is_na

    @property
    def number(self) -> int | None:
        """The only number in the text: "Not at all likely - 0" is 0."""
        found = _NUMBER.findall(self.text)
        return int(found[0]) if len(found) == 1 and len(found[0]) <= 2 else None


class _Row(_Shape):
    id: str
    visible: bool = True


class _Choices(_Shape):
    rows: tuple[_Row, ...] = ()
    choices: tuple[_Choice, ...] = ()


class Scored(BaseModel, frozen=True):
    """A question that gives a score, what each of its choices is worth on its scale, and which say nothing."""

    id: str
    kind: SurveyKind
    worth: dict[str, int] = Field(min_length=2)
    silent: tuple[str, ...] = ()

    @property
    def question(self) -> Question:
        worth = self.worth.values()
        return Question(ids=(self.id,), kind=self.kind, lowest=min(worth), highest=max(worth))


class Design(BaseModel, frozen=True):
    """What there is to read in a survey: the questions that give a score, and those for comments."""

    scored: tuple[Scored, ...]
    comments: tuple[str, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        return (*(each.id for each in self.scored), *self.comments)

    def only(self, wanted: Sequence[str]) -> "Design":
        """With the questions that are wanted, else the first of each kind."""
        ids = {each.ids[0] for each in chosen((one.question for one in self.scored), wanted)}
        return Design(
            scored=tuple(each for each in self.scored if each.id in ids), comments=self.comments
        )

    def as_json(self) -> Any:
        return self.model_dump(mode="json")


class _Question(_Shape):
    id: str
    family: str
    subtype: str = ""
    answers: _Choices | None = None

    @property
    def is_comment(self) -> bool:
        """A large box for text. A line of text may ask for a name."""
        return (self.family, self.subtype) == ("open_ended", "essay")

    def scored(self) -> Scored | None:
        """The question as a scale; None when it is none, or several at once.

        NPS has eleven choices. Their weights are -100, 0 and 100 (detractors, passives, promoters):
        what was chosen is in the text or the place, never in the weight.
        """
        if (self.family, self.subtype) != ("matrix", "rating") or self.answers is None:
            return None
        choices = sorted(
            (each for each in self.answers.choices if each.counts), key=lambda each: each.position
        )
        if len([each for each in self.answers.rows if each.visible]) != 1:
            return None
        if len(choices) == _NPS_CHOICES:
            kind, worth = SurveyKind.NPS, _nps(choices)
        elif 2 <= len(choices) < _NPS_CHOICES:
            kind, worth = SurveyKind.CSAT, _csat(choices)
        else:
            return None
        if len(worth) != len(choices):
            return None
        silent = tuple(each.id for each in self.answers.choices if not each.counts)
        return Scored(id=self.id, kind=kind, worth=worth, silent=silent)


class _Page(_Shape):
    questions: tuple[_Question, ...] = ()


class Survey(_Shape):
    """A survey's design."""

    id: str
    pages: tuple[_Page, ...]

    def design(self) -> Design:
        questions = [*self._questions()]
        return Design(
            scored=tuple(found for each in questions if (found := each.scored())),
            comments=tuple(each.id for each in questions if each.is_comment),
        )

    def _questions(self) -> Iterator[_Question]:
        return (question for page in self.pages for question in page.questions)


class _Answer(_Shape):
    choice_id: str | None = None
    text: str | None = None


class _Answered(_Shape):
    id: str
    answers: tuple[_Answer, ...] = ()


class _AnsweredPage(_Shape):
    questions: tuple[_Answered, ...] = ()


class Response(_Shape):
    """A response. `metadata` names the contact it was mailed to, where it was."""

    id: str = Field(min_length=1)
    response_status: str
    date_created: Utc
    date_modified: Utc
    collection_mode: str | None = None
    custom_variables: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    pages: tuple[_AnsweredPage, ...] = ()

    @property
    def email(self) -> str | None:
        contact = (self.metadata or {}).get("contact")
        email = contact.get("email") if isinstance(contact, dict) else None
        value = email.get("value") if isinstance(email, dict) else email
        return value if isinstance(value, str) else None

    def scores(self, scored: Sequence[Scored]) -> dict[Question, float]:
        """What was chosen, on the questions' own scales. Raises ValueError for a choice we do not know."""
        given = {each.id: each.answers for page in self.pages for each in page.questions}
        found: dict[Question, float] = {}
        for each in scored:
            choice = next((one.choice_id for one in given.get(each.id, ()) if one.choice_id), None)
            if choice is None or choice in each.silent:
                continue
            if choice not in each.worth:
                raise ValueError(
                    f"choice_id: {choice} is not a choice of question {each.id} that counts"
                )
            found[each.question] = each.worth[choice]
        return found

    def texts(self, questions: Sequence[str]) -> list[str]:
        """What was written in these questions."""
        return [
            one.text
            for page in self.pages
            for each in page.questions
            if each.id in questions
            for one in each.answers
            if one.text
        ]


class _Modified(BaseModel):
    date_modified: Utc


def modified_at(row: Any) -> datetime | None:
    """When a response was modified, None where that cannot be read."""
    try:
        return _Modified.model_validate(row).date_modified
    except ValidationError:
        return None


def _nps(choices: Sequence[_Choice]) -> dict[str, int]:
    said = [each.number for each in choices]
    places = range(_NPS_CHOICES)
    worth = said if set(said) == set(places) else places
    return {
        each.id: number for each, number in zip(choices, worth, strict=True) if number is not None
    }


def _csat(choices: Sequence[_Choice]) -> dict[str, int]:
    """1 for the worst: in the order of the weights, which may run backwards; of the places without."""
    weights = [each.weight for each in choices if each.weight is not None]
    if len(set(weights)) == len(choices):
        choices = sorted(choices, key=lambda each: each.weight or 0.0)
    return {each.id: place for place, each in enumerate(choices, 1)}
