"""Zendesk's CSAT surveys: what was offered, what was answered, and a score of one to five."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from integrations.base import Cursor, Page, SourceForbiddenError
from integrations.http import Http, Params, RefusedError
from integrations.payload import Instant, Pages, parse, read_each, rows_in
from integrations.people import person_hash
from integrations.shapes.zendesk import ListPage
from integrations.surveys import COMMENT_MAX
from scoring.records import Record, SurveyKind, SurveyResponse

# What a cursor says of surveys before any was read.
UNREAD: Cursor = {
    "surveys_until": None,
    "surveys_on": None,
    "no_surveys_on": None,
    "surveys_range": None,
    "surveys_after": None,
}
_TITLE = "Zendesk"
_PAGE = 100
_OVERLAP_S = 600
# From its offer on, a survey can be answered and edited for 28 days.
_ANSWERED_WITHIN = timedelta(days=30)
_NOT_READING = {"surveys_range": None, "surveys_after": None}
# A request is a ticket as the customer sees it, under the same number.
_TICKET = re.compile(r"z[a-z]+:(?:ticket|request):(\d+)")
_BEST = 5
_SCALES = frozenset({2, 3, _BEST})
# On how many steps a rating was given, by what Zendesk calls it: 2 of 2, 3 of 3, and 4 and 5 of 5 are good.
# A bad 2 may be of 3 or of 5: it is read as of 5, which leaves it bad.
_SCALE_BY_CATEGORY = {
    "good": {2: 2, 3: 3, 4: 5, 5: 5},
    "neutral": {2: 3, 3: 5},
    "bad": {1: 5, 2: 5, 3: 5},
    None: {1: 5, 4: 5, 5: 5},
}


class Surveys:
    """The list of survey responses, where an account has one."""

    def __init__(self, http: Http, *, hash_key: bytes, comments: bool, backfill: timedelta) -> None:
        """`backfill` is how far back the first reading goes, `comments` whether their texts are kept."""
        self._http, self._hash_key, self._comments = http, hash_key, comments
        self._backfill = backfill

    def exist(self, now: datetime) -> bool:
        """Whether this account has the surveys, and we may read them; one request."""
        at = int(now.timestamp())
        return self._page((at - _OVERLAP_S, at), None, size=1) is not None

    def pull(self, at: Cursor, now: datetime) -> Iterator[Page]:
        """Surveys offered since the last pull, and once a day those that may have been answered since.

        Where there are none to be read, that is remembered for the day.
        """
        today, pages = now.date().isoformat(), Pages(_TITLE)
        if at["no_surveys_on"] == today:
            return
        at = {**at, "surveys_range": at["surveys_range"] or self._span(at, now)}
        tell = partial(SurveyRow.told, hash_key=self._hash_key, comments=self._comments)
        while True:
            answer = self._page(at["surveys_range"], at["surveys_after"])
            if answer is None:
                none = {**at, **_NOT_READING, "no_surveys_on": today}
                yield Page(cursor=none, requests=self._http.spent(), progress=1.0)
                return
            rows = rows_in(answer, "survey_responses", title=_TITLE)
            after = pages.turn(rows, parse(answer, ListPage, title=_TITLE).after)
            records, rejected = read_each(rows, SurveyRow, tell, kind="survey response")
            end = at["surveys_range"][1]
            asked_on = datetime.fromtimestamp(end, UTC).date().isoformat()
            read = {**_NOT_READING, "surveys_until": end, "surveys_on": asked_on}
            at = {**at, **(read if after is None else {"surveys_after": after})}
            yield Page(
                cursor=at,
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
                progress=1.0 if after is None else None,
            )
            if after is None:
                return

    def _span(self, at: Cursor, now: datetime) -> tuple[int, int]:
        """From which second to which surveys are asked for that were offered."""
        end, reached = int(now.timestamp()), at["surveys_until"]
        if reached is None:
            return int((now - self._backfill).timestamp()), end
        if at["surveys_on"] == now.date().isoformat():
            return reached - _OVERLAP_S, end
        return min(reached - _OVERLAP_S, int((now - _ANSWERED_WITHIN).timestamp())), end

    def _page(self, span: tuple[int, int], after: str | None, *, size: int = _PAGE) -> Any | None:
        """One page, the first one where the one to go on at is no longer known; None: it has no surveys."""
        asked: Params = {
            "filter[created_at_start]": span[0] * 1000,
            "filter[created_at_end]": span[1] * 1000,
            "page[size]": size,
            **({} if after is None else {"page[after]": after}),
        }
        try:
            return self._http.get_json("api/v2/guide/survey_responses", asked)
        except RefusedError as error:
            if after is not None and error.status == HTTPStatus.BAD_REQUEST:
                return self._page(span, None)
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        except SourceForbiddenError:
            return None


class _Question(BaseModel):
    sub_type: str | None = None
    options: tuple[Any, ...] = ()


class _Answer(BaseModel):
    type: str
    question: _Question | None = None
    rating: int | None = Field(default=None, strict=True)
    rating_category: str | None = None
    value: Any = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def is_satisfaction(self) -> bool:
        asks = self.question.sub_type if self.question else None
        return self.type == "rating_scale" and asks in {None, "customer_satisfaction"}

    @property
    def text(self) -> str:
        value = self.value.get("text") if isinstance(self.value, dict) else self.value
        return value.strip() if self.type == "open_ended" and isinstance(value, str) else ""


class _Subject(BaseModel):
    id: str | int
    type: str | None = None


class SurveyRow(BaseModel):
    """A survey that was offered, with the answers there are by now."""

    id: str = Field(min_length=1)
    responder_id: int | None = None
    subject_zrns: tuple[str, ...] = ()
    subjects: tuple[_Subject, ...] = ()
    answers: tuple[_Answer, ...] = ()

    @property
    def ticket_id(self) -> str | None:
        named = (_TICKET.fullmatch(each) for each in self.subject_zrns)
        found = next((each[1] for each in named if each), None)
        return found or next(
            (str(each.id) for each in self.subjects if each.type == "ticket"), None
        )

    def told(self, *, hash_key: bytes, comments: bool) -> Iterator[Record]:
        """Its answer, if it has one. Raises ValueError when that cannot be brought to our scale."""
        answer = next((each for each in self.answers if each.is_satisfaction), None)
        if answer is None or answer.rating is None:
            return
        if answer.created_at is None:
            raise ValueError("answers.created_at: it has none")
        text = next((each.text for each in self.answers if each.text), "")
        yield SurveyResponse(
            id=self.id,
            account_ref=None,
            kind=SurveyKind.CSAT,
            score=_score(answer.rating, answer.rating_category, answer.question),
            answered_at=answer.created_at,
            updated_at=max(
                at for each in (answer, *self.answers) if (at := each.updated_at or each.created_at)
            ),
            person=None
            if self.responder_id is None
            else person_hash(hash_key, str(self.responder_id)),
            ticket_id=self.ticket_id,
            has_comment=bool(text),
            comment=text[:COMMENT_MAX] if comments and text else None,
        )


def _score(rating: int, category: str | None, question: _Question | None) -> float:
    """A rating of 2, 3 or 5 steps as one of five: the lowest is 1, the highest 5, the others lie evenly between."""
    scale = _scale(rating, category, question)
    if not 1 <= rating <= scale:
        raise ValueError(f"answers.rating: {rating} is none of the {scale} steps there are")
    return 1 + (rating - 1) * (_BEST - 1) / (scale - 1)


def _scale(rating: int, category: str | None, question: _Question | None) -> int:
    """How many steps there were: as many as the question has options, else what the category gives away."""
    if question and len(question.options) in _SCALES:
        return len(question.options)
    scale = _SCALE_BY_CATEGORY.get(category, {}).get(rating)
    if scale is None:
        raise ValueError(
            f"answers.rating_category: {category!r} does not tell the scale of {rating}"
        )
    return scale
