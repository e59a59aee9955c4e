"""SurveyMonkey: NPS and CSAT answers, survey by survey.

Sources (SurveyMonkey API v3 documentation, "Surveys", "Survey Responses", "Request and Response
Limits"): GET /surveys with when each was modified; GET /surveys/{id}/details for questions and
choices, read again only when the survey has changed; GET /surveys/{id}/responses/bulk, 100 a page,
in the order they were modified. A private app has 120 requests a minute and 500 a day, until
midnight UTC. The bulk endpoint needs a paid plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, Rejected, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params
from integrations.limiter import Limit
from integrations.payload import Pages, parse, read_each, rows_in, take_each
from integrations.shapes.surveymonkey import (
    Design,
    Response,
    Survey,
    SurveyInList,
    modified_at,
)
from integrations.surveys import respondent, responses
from scoring.records import Kind, SurveyResponse

_TITLE = "SurveyMonkey"
_REGIONS = {
    "us": "https://api.surveymonkey.com/v3",
    "eu": "https://api.eu.surveymonkey.com/v3",
    "ca": "https://api.surveymonkey.ca/v3",
}
_PAGE, _LIST_PAGE = 100, 1_000
_OVERLAP = timedelta(hours=1)
_SECOND = timedelta(seconds=1)  # what a time is told to, and whether `start` is included is not
_AHEAD = timedelta(days=1)  # clocks differ, but not by more
_COMPLETED = "completed"
_TRIALS = frozenset({"preview", "survey_preview"})  # the author looking at the survey


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A private app's token, where the account lies, and which surveys and questions count."""

    access_token: SecretStr = Field(
        description="The access token of your private app, with the scopes surveys_read, responses_read and responses_read_detail."
    )
    surveys: tuple[str, ...] = Field(
        min_length=1,
        description="Ids of the surveys to read, as in their addresses; each costs requests, of which there are 500 a day.",
    )
    region: Literal["us", "eu", "ca"] = Field(
        default="us", description="Where the account lies: us, eu or ca."
    )
    questions: tuple[str, ...] = Field(
        default=(),
        description="Ids of the questions to read; none: the first NPS and the first CSAT question of each survey.",
    )
    account_id_variable: str = Field(
        default="account_id", description="The custom variable that carries the account's id."
    )
    comments: bool = Field(
        default=False,
        description="Whether the texts people write are kept; their being there always is.",
    )
    backfill_days: int = Field(
        default=365, ge=1, description="How many days back the first reading of a survey goes."
    )
    requests_a_day: int = Field(
        default=500, ge=10, description="How many requests a day SurveyMonkey allows your app."
    )
    base_url: str | None = Field(
        default=None, description="Another address than the region's, for a proxy or a stand-in."
    )


class SurveyMonkey:
    name = "surveymonkey"
    tells = frozenset({Kind.SURVEYS})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._hash_key = settings, hash_key
        token = settings.access_token.get_secret_value()
        self._http = Http(
            settings.base_url or _REGIONS[settings.region],
            vendor=Vendor(
                title=_TITLE,
                mend="Check access_token and region in [sources.surveymonkey]; the app needs the scopes"
                " surveys_read, responses_read and responses_read_detail, and a paid plan.",
                secrets=(token,),
            ),
            credentials=FixedCredentials(bearer(token)),
            clock=clock,
            limits=(Limit(120, 60), Limit(settings.requests_a_day, 86_400)),
        )

    def check(self) -> str:
        survey = self._settings.surveys[0]
        self._http.get_json(f"surveys/{survey}/responses/bulk", {"per_page": 1})
        return f"the survey {survey}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """One survey after the other.

        The cursor has what each survey is asked for next, the designs of surveys by when they were
        modified, and `since`, where a survey begins that was never read (None: as far back as the
        settings say).
        """
        at: dict[str, Any] = {"since": None, "asks": {}, "designs": {}, **(cursor or {})}
        designs, rejected = self._designs(at["designs"])
        at["designs"] = {
            survey: [stamp, each.as_json()] for survey, (stamp, each) in designs.items()
        }
        readable: dict[str, Design] = {}
        for survey, (_, design) in designs.items():
            wanted = design.only(self._settings.questions)
            if wanted.scored:
                readable[survey] = wanted
            else:
                rejected += (_unscored(survey),)
        for number, (survey, design) in enumerate(readable.items()):
            for page in self._read(at, survey, design, now, share=(number, len(readable))):
                at = dict(page.cursor)
                yield replace(page, rejected=rejected + page.rejected)
                rejected = ()
        if not readable:
            yield Page(cursor=at, rejected=rejected, requests=self._http.spent(), progress=1.0)

    def cursor_since(self, since: datetime) -> Cursor:
        return {"since": since.isoformat()}

    def _read(
        self,
        at: Mapping[str, Any],
        survey: str,
        design: Design,
        now: datetime,
        *,
        share: tuple[int, int],
    ) -> Iterator[Page]:
        """A survey's responses in the order they were modified, from where the cursor says to the end."""
        start = at["since"] or (now - timedelta(days=self._settings.backfill_days)).isoformat()
        ask = at["asks"].get(survey) or {"from": start, "page": 1}
        pages, tell = Pages(_TITLE), partial(self._told, design=design)
        while True:
            answer = self._http.get_json(
                f"surveys/{survey}/responses/bulk", _query(ask, design.questions)
            )
            rows = rows_in(answer, "data", title=_TITLE)
            records, rejected = read_each(rows, Response, tell, kind="response")
            has_more = _has_more(answer)
            ask = _next(ask, rows, has_more=has_more, now=now)
            done = share[0] + (not has_more)
            since = None if done == share[1] else at["since"]
            at = {**at, "asks": {**at["asks"], survey: ask}, "since": since}
            yield Page(
                cursor=at,
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
                read=len(rows),
                progress=done / share[1],
            )
            if pages.turn(rows, f"{ask['from']} {ask['page']}" if has_more else None) is None:
                return

    def _designs(
        self, known: Mapping[str, Any]
    ) -> tuple[dict[str, tuple[str | None, Design]], tuple[Rejected, ...]]:
        """What to read of each survey, with when it was modified. Only a survey that changed is looked into."""
        modified, rejected = self._modified()
        found: dict[str, tuple[str | None, Design]] = {}
        for survey in dict.fromkeys(self._settings.surveys):
            stamp, kept = known.get(survey) or (None, None)
            now = modified.get(survey)
            if kept is None or now is None or now != stamp:
                body = self._http.get_json(f"surveys/{survey}/details")
                found[survey] = (now, parse(body, Survey, title=_TITLE).design())
            else:
                found[survey] = (now, Design.model_validate(kept))
        return found, rejected

    def _modified(self) -> tuple[dict[str, str | None], tuple[Rejected, ...]]:
        """When each of the account's surveys was modified."""
        found: dict[str, str | None] = {}

        def keep(survey: SurveyInList) -> None:
            found[survey.id] = survey.date_modified

        rejected: tuple[Rejected, ...] = ()
        pages, number = Pages(_TITLE), 1
        while True:
            asked: Params = {"page": number, "per_page": _LIST_PAGE, "include": "date_modified"}
            answer = self._http.get_json("surveys", asked)
            rows = rows_in(answer, "data", title=_TITLE)
            rejected += take_each(rows, SurveyInList, keep, kind="survey")
            more = _has_more(answer)
            if pages.turn(rows, str(number + 1) if more else None) is None:
                return found, rejected
            number += 1

    def _told(self, row: Response, *, design: Design) -> Iterator[SurveyResponse]:
        if row.response_status != _COMPLETED or row.collection_mode in _TRIALS:
            return
        variables: Mapping[str, Any] = row.custom_variables or {}
        yield from responses(
            row.id,
            row.scores(design.scored),
            respondent(
                variables.get(self._settings.account_id_variable),
                row.email,
                hash_key=self._hash_key,
            ),
            row.texts(design.questions),
            answered_at=row.date_created,
            updated_at=row.date_modified,
            keeps_comments=self._settings.comments,
        )


def _query(ask: Mapping[str, Any], questions: Sequence[str]) -> Params:
    """Only what is used is asked for: the other answers are nobody's business here."""
    return {
        "per_page": _PAGE,
        "page": ask["page"],
        "status": _COMPLETED,
        "sort_by": "date_modified",
        "sort_order": "ASC",
        "start_modified_at": f"{datetime.fromisoformat(ask['from']):%Y-%m-%dT%H:%M:%S}",
        "question_ids": ",".join(questions),
    }


def _next(
    ask: Mapping[str, Any], rows: Sequence[Any], *, has_more: bool, now: datetime
) -> dict[str, Any]:
    """What to ask for after a page.

    A response that is changed meanwhile moves to the end, and by page numbers what stood behind it
    would be passed over: so each page starts at the time of the last response. Page numbers are for
    what was modified within one second. A time to come moves nothing, or we would wait for it.
    """
    latest = now + _AHEAD
    times = [at for each in rows if (at := modified_at(each)) is not None and at <= latest]
    if not has_more:
        return {"from": (max(times) - _OVERLAP).isoformat() if times else ask["from"], "page": 1}
    start = max(times) - _SECOND if times else now
    if not times or start <= max(min(times), datetime.fromisoformat(ask["from"])):
        return {"from": ask["from"], "page": ask["page"] + 1}
    return {"from": start.isoformat(), "page": 1}


def _has_more(answer: Any) -> bool:
    links = answer.get("links")
    return isinstance(links, dict) and bool(links.get("next"))


def _unscored(survey: str) -> Rejected:
    problem = "it has none of the questions to read, or none for NPS or CSAT"
    return Rejected(what=f"survey {survey}", problem=problem, raw="")


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> SurveyMonkey:
    return SurveyMonkey(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title=_TITLE,
    tells=SurveyMonkey.tells,
    every=timedelta(hours=6),
    settings=Settings,
    open=open_source,
)
