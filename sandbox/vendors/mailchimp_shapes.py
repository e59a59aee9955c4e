"""Mailchimp's shapes: rows of campaigns and recipients, archives of results, and problems."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.story.campaigns import Campaign
from sandbox.story.letters import Letter
from sandbox.vendors.vendor import Refusal

_LIST = "57afe96172"
_PROXY_AFTER, _SCANNER_AFTER = timedelta(seconds=2), timedelta(seconds=4)
_RESULTS_A_FILE = 20


def campaign_row(one: Campaign) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": "regular",
        "status": "sent",
        "emails_sent": len(one.letters),
        "send_time": _stamp(one.sent_at),
        "recipients": {"list_id": _LIST, "list_is_active": True},
    }


def recipient_row(
    letter: Letter,
    campaign: Campaign,
    since: datetime | None,
    now: datetime,
    *,
    with_machines: bool,
) -> dict[str, Any]:
    """Somebody a campaign was sent to; what they did until now and after `since`, be it nothing."""
    address = letter.contact.email
    deeds = sorted(_deeds(letter, with_machines=with_machines))
    return {
        "campaign_id": campaign.id,
        "list_id": _LIST,
        "list_is_active": True,
        "email_id": hashlib.md5(address.lower().encode(), usedforsecurity=False).hexdigest(),
        "email_address": address,
        "activity": [
            {"action": action, "timestamp": _stamp(at)}
            for at, action in deeds
            if at <= now and (since is None or at > since)
        ],
    }


def _deeds(letter: Letter, *, with_machines: bool) -> Iterator[tuple[datetime, str]]:
    if letter.opened_at is not None:
        yield letter.opened_at, "open"
    if letter.clicked_at is not None:
        yield letter.clicked_at, "click"
    if with_machines and letter.opened_by_machine:
        yield letter.sent_at + _PROXY_AFTER, "open"
    if with_machines and letter.scanned:
        yield letter.sent_at + _SCANNER_AFTER, "click"


def packed(results: Sequence[Any]) -> bytes:
    """A tar.gz of JSON files with some results each; one of them is empty, as happens."""
    into = io.BytesIO()
    # The time within would make other bytes of the same results.
    with (
        gzip.GzipFile(fileobj=into, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for number, body in enumerate([b"", *_files(results)]):
            info = tarfile.TarInfo(f"./{number}.json")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return into.getvalue()


def _files(results: Sequence[Any]) -> Iterator[bytes]:
    for first in range(0, len(results), _RESULTS_A_FILE):
        yield json.dumps(results[first : first + _RESULTS_A_FILE]).encode()


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Refusal:
    """A problem detail, as RFC 7807 has it."""
    body = {
        "type": "https://mailchimp.com/developer/marketing/docs/errors/",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "5a4db0f0-0000-4000-8000-5a4db0f05a4d",
    }
    return Refusal(status, body, headers)


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
