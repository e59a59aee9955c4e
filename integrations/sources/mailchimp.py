"""Mailchimp Marketing: who was sent a campaign, and who opened and clicked it.

Sources (Mailchimp Marketing API reference, "Campaigns", "Email Activity Reports", "Batch
Operations"): GET /3.0/campaigns for what was sent; GET /3.0/reports/{id}/email-activity, 1,000
recipients a page, with `filter_bots` so that privacy proxies and link scanners are left out. More
than a handful of pages are read by POST /3.0/batches, 100 requests each, whose results come as one
tar.gz from a pre-signed address on another host, which gets no credentials. Ten connections at a
time per account; we hold one. There are no replies in this API.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from integrations.base import (
    Clock,
    Cursor,
    Page,
    Rejected,
    SourceKind,
)
from integrations.credentials import FixedCredentials, Vendor, basic
from integrations.http import Http, Params, RefusedError
from integrations.mail import by_a_person, told_by_mail
from integrations.payload import Pages, parse, read_each, rows_in, take_each
from integrations.shapes.mailchimp import (
    COUNT,
    TITLE,
    At,
    Batch,
    Campaign,
    Recipient,
    Request,
    salvaged,
)
from scoring.records import Kind, Record

_DIRECTLY = 5  # so many requests cost no more than a batch does, and need no waiting
_BATCH_SIZE, _BATCHES_MAX = 100, 25
_POLL_WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # a minute in all; then the next pull goes on
_CAMPAIGN_FIELDS = "campaigns.id,campaigns.send_time,campaigns.emails_sent"
_NOT_FOUND = 404


class Settings(BaseModel, frozen=True, extra="forbid"):
    """An API key, and for how long a campaign is followed."""

    api_key: SecretStr = Field(
        description="The API key of a Mailchimp user, with its data center at the end, like -us21."
    )
    campaign_days: int = Field(
        default=45,
        ge=1,
        le=365,
        description="For how many days after it was sent a campaign's opens and clicks are read.",
    )
    base_url: str | None = Field(
        default=None,
        description="Another address than that of the key's data center: a proxy, or a stand-in.",
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.base_url is None and self.data_center is None:
            raise ValueError(
                "api_key does not end in a data center: copy all of it, like 0123abc…-us21"
            )
        return self

    @property
    def data_center(self) -> str | None:
        found = re.search(r"-([a-z]{2,4}\d{1,3})\Z", self.api_key.get_secret_value())
        return found and found[1]


class Mailchimp:
    name = "mailchimp"
    tells = frozenset({Kind.ENGAGEMENT})

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        key = settings.api_key.get_secret_value()
        base = settings.base_url or f"https://{settings.data_center}.api.mailchimp.com"
        self._http = Http(
            f"{base.rstrip('/')}/3.0",
            vendor=Vendor(
                title=TITLE,
                mend="Check api_key in [sources.mailchimp]; its user must be allowed to see reports.",
                secrets=(key,),
            ),
            credentials=FixedCredentials(basic("bellwether", key)),
            clock=clock,
        )

    def check(self) -> str:
        answer = self._http.get_json("reports", {"count": 1, "fields": "reports.id,total_items"})
        rows_in(answer, "reports", title=TITLE)
        return f"the reports of {answer.get('total_items', 0)} campaigns"

    def cursor_since(self, since: datetime) -> Cursor:
        """Every campaign that is followed, to its last recipient: who did nothing since is told too."""
        return At(since=since).cursor()

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """List what was sent, then read who it went to and what they did, directly or by batches.

        A batch that takes longer than a minute is left to the next pull, which finds it in the cursor.
        """
        began = At.model_validate(cursor or {})
        if began.began_at is None:
            began, rejected = self._begin(began, now)
            yield self._page(began, rejected=rejected)
        at, requests, waits = began, began.requests(), iter(_POLL_WAITS_S)
        while at.done < len(requests):
            ahead = requests[at.done :]
            if not at.batches and len(ahead) <= _DIRECTLY:
                at = yield from self._directly(at, ahead[0])
                continue
            moved = yield from self._by_batch(at, ahead, waits, now)
            if moved is None:
                return
            at = moved
        read = tuple(each.id for each in began.campaigns)
        yield self._page(At(since=began.began_at, read=read), progress=1.0)

    @property
    def _followed(self) -> timedelta:
        return timedelta(days=self._settings.campaign_days)

    def _begin(self, at: At, now: datetime) -> tuple[At, tuple[Rejected, ...]]:
        """The campaigns to read: those that are followed, and all since the last time we looked."""
        earliest = min(now - self._followed, at.since or now)
        asked = {"status": "sent", "since_send_time": earliest.isoformat(timespec="seconds")}
        order = {"sort_field": "send_time", "sort_dir": "ASC", "fields": _CAMPAIGN_FIELDS}
        found: dict[str, Campaign] = {}
        rejected: tuple[Rejected, ...] = ()
        pages, offset = Pages(TITLE), 0

        def keep(campaign: Campaign) -> None:
            found[campaign.id] = campaign

        while True:
            params: Params = {**asked, **order, "count": COUNT, "offset": offset}
            rows = rows_in(self._http.get_json("campaigns", params), "campaigns", title=TITLE)
            rejected += take_each(rows, Campaign, keep, kind="campaign")
            offset += COUNT
            if pages.turn(rows, str(offset) if len(rows) >= COUNT else None) is None:
                return at.moved(began_at=now, campaigns=(*found.values(),)), rejected

    def _directly(self, at: At, request: Request) -> Generator[Page, None, At]:
        after = at.moved(done=at.done + 1)
        yield from self._told(at, request, self._read(request), after)
        return after

    def _by_batch(
        self, at: At, ahead: Sequence[Request], waits: Iterator[float], now: datetime
    ) -> Generator[Page, None, At | None]:
        """Read what the first batch brought, or ask for batches where there are none; None: it is not finished."""
        is_new = not at.batches
        if is_new:
            at = at.moved(batches=self._post(ahead))
            yield self._page(at)
        try:
            url = self._results_of(at.batches[0], waits)
        except RefusedError as error:
            if error.status != _NOT_FOUND or is_new:
                raise
            return at.moved(batches=())  # results are kept for days, not for ever: ask anew
        if url is None:
            yield self._page(at, as_of=at.since or now - self._followed)
            return None
        return (yield from self._collect(at, url, ahead[:_BATCH_SIZE]))

    def _post(self, ahead: Sequence[Request]) -> tuple[str, ...]:
        """Ask for as much as fits into our batches, all at once: they are worked on while we wait."""
        ids = []
        for start in range(0, min(len(ahead), _BATCH_SIZE * _BATCHES_MAX), _BATCH_SIZE):
            operations = [
                {
                    "method": "GET",
                    "path": f"/{each.path}",
                    "operation_id": each.id,
                    "params": each.params,
                }
                for each in ahead[start : start + _BATCH_SIZE]
            ]
            answer = self._http.post_json("batches", {"operations": operations}, is_read=True)
            ids.append(parse(answer, Batch, title=TITLE).id)
        return tuple(ids)

    def _results_of(self, batch_id: str, waits: Iterator[float]) -> str | None:
        """Where the results of a batch lie; None when our patience ends before its work does."""
        while True:
            answer = self._http.get_json(f"batches/{batch_id}")
            url = parse(answer, Batch, title=TITLE).results_at
            wait = next(waits, None) if url is None else None
            if wait is None:
                return url
            self._clock.wait(wait)

    def _collect(self, at: At, url: str, requests: Sequence[Request]) -> Generator[Page, None, At]:
        """Tell what a batch brought, and ask directly for what it did not.

        The cursor moves when all of it is told: a pull that is cut short fetches it again.
        """
        missing = {each.id: each for each in requests}
        with TemporaryDirectory(prefix="bellwether-") as folder:
            archive = Path(folder) / "results.tar.gz"
            self._http.fetch_unsigned(url, archive)
            for result in salvaged(archive):
                rows = result.rows() if result.operation_id in missing else None
                if rows is not None:
                    yield from self._told(at, missing.pop(result.operation_id), rows, at)
        for request in missing.values():
            yield from self._told(at, request, self._read(request), at)
        after = at.moved(done=at.done + len(requests), batches=at.batches[1:])
        yield self._page(after)
        return after

    def _read(self, request: Request) -> Sequence[Any]:
        """One page of recipients. A campaign that was deleted since it was listed has none."""
        try:
            answer = self._http.get_json(request.path, request.params)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            return ()
        return rows_in(answer, "emails", title=TITLE)

    def _told(self, at: At, request: Request, rows: Sequence[Any], after: At) -> Iterator[Page]:
        """The page of one request, and those that follow should there be more recipients than were counted.

        `after` is where the last of them leads.
        """
        pages = Pages(TITLE)
        while True:
            following = str(request.offset + COUNT)
            is_last = not request.is_last or len(rows) < COUNT
            more = pages.turn(rows, None if is_last else following) is not None
            records, rejected = read_each(
                rows, Recipient, partial(_contact, request), kind="recipient"
            )
            yield self._page(
                at if more else after, records=records, rejected=rejected, read=len(rows)
            )
            if not more:
                return
            request = replace(request, offset=request.offset + COUNT)
            rows = self._read(request)

    def _page(
        self,
        at: At,
        *,
        records: tuple[Record, ...] = (),
        rejected: tuple[Rejected, ...] = (),
        read: int = 0,
        progress: float | None = None,
        as_of: datetime | None = None,
    ) -> Page:
        share = at.done / max(1, at.total)
        return Page(
            cursor=at.cursor(),
            records=records,
            rejected=rejected,
            requests=self._http.spent(),
            read=read,
            progress=share if progress is None else progress,
            as_of=as_of,
        )


def _contact(request: Request, row: Recipient) -> Iterator[Record]:
    """Who was mailed and has nothing to show is told once, with the whole campaign; who bounced was not."""
    opened_at = row.latest("open")
    clicked_at = by_a_person(row.latest("click"), request.sent_at)
    answered = opened_at is not None or clicked_at is not None
    if not answered and (request.since is not None or row.latest("bounce") is not None):
        return
    yield from told_by_mail(
        row.email_id,
        row.email_address,
        sent_at=request.sent_at,
        opened_at=opened_at,
        clicked_at=clicked_at,
    )


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Mailchimp:  # noqa: ARG001 - Mailchimp has an id for everybody
    return Mailchimp(settings, clock=clock)


SOURCE = SourceKind(
    title=TITLE,
    tells=Mailchimp.tells,
    every=timedelta(hours=6),
    settings=Settings,
    open=open_source,
)
