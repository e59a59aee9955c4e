"""Typeform: NPS and CSAT answers, form by form.

Sources (Typeform developer docs, "Responses API" and "Create API"): GET /forms, 200 a page, and
GET /forms/{id} for the questions; GET /forms/{id}/responses, up to 1,000 a page, the newest first.
A page is continued by `before=<token>`, which may not be combined with `since`, so a walk ends at
the first page that is older throughout. Answers of the last half hour may be missing, so an hour
is read again. 2 requests a second.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, Rejected, SourceDataError, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params, RefusedError
from integrations.limiter import Limit
from integrations.payload import Pages, parse, read_each, rows_in, take_each
from integrations.shapes.typeform import Book, Form, FormInList, Response, place_of
from integrations.surveys import Question, chosen, question_of, respondent, responses
from scoring.records import Kind, SurveyResponse

_TITLE = "Typeform"
_REGIONS = {
    "us": "https://api.typeform.com",
    "eu": "https://api.eu.typeform.com",
    "eu2": "https://api.typeform.eu",
}
_PAGE, _LIST_PAGE = 1_000, 200
_OVERLAP = timedelta(hours=1)
_TOKEN_GONE = frozenset({400, 404})


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A personal token, the data centre, and which forms and questions count."""

    access_token: SecretStr = Field(
        description="A personal access token with the scopes forms:read and responses:read."
    )
    region: Literal["us", "eu", "eu2"] = Field(
        default="us",
        description="Where your responses lie: us, eu (api.eu.typeform.com) or eu2 (api.typeform.eu).",
    )
    forms: tuple[str, ...] = Field(
        default=(),
        description="Ids of the forms to read, as in their addresses; none: every form that asks for NPS or CSAT.",
    )
    questions: tuple[str, ...] = Field(
        default=(),
        description="Refs or ids of the questions to read; none: the first NPS and the first CSAT question of each form.",
    )
    account_id_field: str = Field(
        default="account_id", description="The hidden field that carries the account's id."
    )
    email_field: str = Field(
        default="email",
        description="The hidden field that carries the respondent's e-mail address, used where no account id is given.",
    )
    comments: bool = Field(
        default=False,
        description="Whether the texts people write are kept; their being there always is.",
    )
    backfill_days: int = Field(
        default=365, ge=1, description="How many days back the first reading of a form goes."
    )
    base_url: str | None = Field(
        default=None, description="Another address than the region's, for a proxy or a stand-in."
    )


class Typeform:
    name = "typeform"
    tells = frozenset({Kind.SURVEYS})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._hash_key = settings, hash_key
        token = settings.access_token.get_secret_value()
        self._http = Http(
            settings.base_url or _REGIONS[settings.region],
            vendor=Vendor(
                title=_TITLE,
                mend="Check access_token and region in [sources.typeform]; the token needs forms:read and responses:read.",
                secrets=(token,),
            ),
            credentials=FixedCredentials(bearer(token)),
            clock=clock,
            limits=(Limit(2, 1),),
        )

    def check(self) -> str:
        if self._settings.forms:
            self._http.get_json(f"forms/{self._settings.forms[0]}/responses", {"page_size": 1})
            return f"the form {self._settings.forms[0]}"
        answer = self._http.get_json("forms", {"page": 1, "page_size": 1})
        rows_in(answer, "items", title=_TITLE)
        return "the forms"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """One form after the other, the one a cut pull was in first, then those longest unread."""
        book = Book(**(cursor or {}))
        asked, rejected = self._questions(book)
        walking = (book.walk or {}).get("form")
        forms = sorted(asked, key=lambda each: (each != walking, book.read.get(each, "")))
        if walking not in asked:
            book.walk = None
        for number, form in enumerate(forms):
            for page in self._walk(book, form, asked[form], now, share=(number, len(forms))):
                yield _with(page, rejected)
                rejected = ()
        if not forms:
            yield Page(
                cursor=book.as_cursor(),
                rejected=rejected,
                requests=self._http.spent(),
                progress=1.0,
            )

    def cursor_since(self, since: datetime) -> Cursor:
        return Book(since=since.isoformat()).as_cursor()

    def _walk(
        self,
        book: Book,
        form: str,
        questions: Sequence[Question],
        now: datetime,
        *,
        share: tuple[int, int],
    ) -> Iterator[Page]:
        """A form's responses, from the newest back to those read before.

        How far it has been read moves at the end only: what was answered since the walk began is
        newer than all of it, what a cut walk has not reached is older.
        """
        floor = self._floor(book, form, now)
        walk = book.walk or {"form": form, "began_at": now.isoformat()}
        pages = Pages(_TITLE)
        tell = partial(self._told, questions=questions)
        while True:
            rows, total, walk = self._page(form, walk, floor)
            records, rejected = read_each(rows, Response, tell, kind="response")
            following = pages.turn(rows, _following(rows, total, floor))
            if following is None:
                book.finish(form, walk["began_at"], is_last=share[0] + 1 == share[1])
            else:
                book.walk = walk = {**walk, "before": following}
            done = share[0] + (following is None)
            yield Page(
                cursor=book.as_cursor(),
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
                read=len(rows),
                progress=done / share[1],
            )
            if following is None:
                return

    def _page(
        self, form: str, walk: dict[str, str], floor: datetime
    ) -> tuple[Sequence[Any], int | None, dict[str, str]]:
        """The next page of a walk; from its start again where the token it stood at is gone."""
        path = f"forms/{form}/responses"
        answer = None
        if "before" in walk:
            try:
                answer = self._http.get_json(path, {"page_size": _PAGE, "before": walk["before"]})
            except RefusedError as error:
                if error.status not in _TOKEN_GONE:
                    raise
                walk = {name: text for name, text in walk.items() if name != "before"}
        if answer is None:
            since = f"{floor:%Y-%m-%dT%H:%M:%S}"
            answer = self._http.get_json(path, {"page_size": _PAGE, "since": since})
        rows = rows_in(answer, "items", title=_TITLE)
        total = answer.get("total_items")
        return rows, total if isinstance(total, int) else None, walk

    def _floor(self, book: Book, form: str, now: datetime) -> datetime:
        if form in book.read:
            return datetime.fromisoformat(book.read[form]) - _OVERLAP
        if book.since is not None:
            return datetime.fromisoformat(book.since)
        return now - timedelta(days=self._settings.backfill_days)

    def _questions(
        self, book: Book
    ) -> tuple[dict[str, tuple[Question, ...]], tuple[Rejected, ...]]:
        """What to read of each form, and the forms that were asked for but have nothing to read.

        A listed form is looked into again only when it was changed.
        """
        listed, rejected = self._listed()
        known: dict[str, list[Any]] = {}
        for form, changed_at in listed.items():
            kept = book.known.get(form)
            if kept is None or changed_at is None or kept[0] != changed_at:
                body = self._http.get_json(f"forms/{form}")
                questions = parse(body, Form, title=_TITLE).questions()
                kept = [changed_at, [each.as_json() for each in questions]]
            known[form] = kept
        book.known = known
        asked: dict[str, tuple[Question, ...]] = {}
        for form, (_, told) in known.items():
            if wanted := chosen(map(question_of, told), self._settings.questions):
                asked[form] = wanted
            elif self._settings.forms:
                rejected += (_unscored(form),)
        return asked, rejected

    def _listed(self) -> tuple[dict[str, str | None], tuple[Rejected, ...]]:
        """The forms to read, with when they were changed, None: not known."""
        if self._settings.forms:
            return dict.fromkeys(self._settings.forms), ()
        found: dict[str, str | None] = {}

        def keep(form: FormInList) -> None:
            found[form.id] = form.last_updated_at

        rejected: tuple[Rejected, ...] = ()
        pages, number = Pages(_TITLE), 1
        while True:
            asked: Params = {"page": number, "page_size": _LIST_PAGE}
            answer = self._http.get_json("forms", asked)
            rows = rows_in(answer, "items", title=_TITLE)
            rejected += take_each(rows, FormInList, keep, kind="form")
            last = answer.get("page_count")
            more = bool(rows) and isinstance(last, int) and number < last
            if pages.turn(rows, str(number + 1) if more else None) is None:
                return found, rejected
            number += 1

    def _told(self, row: Response, *, questions: Sequence[Question]) -> Iterator[SurveyResponse]:
        if row.submitted_at is None:
            return  # begun and not sent
        hidden: Mapping[str, Any] = row.hidden or {}
        email = hidden.get(self._settings.email_field) or row.email
        yield from responses(
            row.token,
            row.scores(questions),
            respondent(
                hidden.get(self._settings.account_id_field),
                email if isinstance(email, str) else None,
                hash_key=self._hash_key,
            ),
            row.texts,
            answered_at=row.submitted_at,
            updated_at=row.submitted_at,
            keeps_comments=self._settings.comments,
        )


def _following(rows: Sequence[Any], total: int | None, floor: datetime) -> str | None:
    """The token to go on from; None when there is nothing more, or nothing more that is new."""
    if not rows or (total is not None and total <= len(rows)):
        return None
    places = [place_of(each) for each in rows]
    token = next((each.token for each in reversed(places) if each.token), None)
    if token is None:
        raise SourceDataError(f"{_TITLE} sent a page of responses without a token to go on from.")
    times = [each.submitted_at for each in places if each.submitted_at]
    return None if times and max(times) < floor else token


def _with(page: Page, rejected: tuple[Rejected, ...]) -> Page:
    return replace(page, rejected=rejected + page.rejected) if rejected else page


def _unscored(form: str) -> Rejected:
    problem = "it has none of the questions to read, or none for NPS or CSAT"
    return Rejected(what=f"form {form}", problem=problem, raw="")


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Typeform:
    return Typeform(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title=_TITLE,
    tells=Typeform.tells,
    every=timedelta(hours=1),
    settings=Settings,
    open=open_source,
)
