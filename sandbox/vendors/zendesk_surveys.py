"""Zendesk's CSAT surveys: a part of the accounts is asked on five steps instead of by thumb.

Their tickets carry the same rating as good or bad, as Zendesk itself translates it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from sandbox.story import Story
from sandbox.story.tickets import Ticket
from sandbox.vendors.zendesk_shapes import requester, stamp

_EVERY, _FIRST = 4, 2  # of the accounts, by index; the first of all, Acme, is not among them
_QUESTION = {
    "id": "01GFYBENPDGN1R6NAA4WRDNVFQ",
    "type": "rating_scale_numeric",
    "sub_type": "customer_satisfaction",
    "headline": {"type": "static", "value": "How satisfied are you with our answer?"},
}


def surveys(story: Story, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """All surveys by when they were offered, in milliseconds since 1970."""
    for day in range(story.day(now) + 1):
        for one in story.tickets_of(day):
            if one.account.index % _EVERY != _FIRST or one.created_at > now:
                continue
            _, fields = one.seen_at(now)
            if "solved_at" in fields and fields["status"] != "deleted":
                offered_at = cast("datetime", fields["solved_at"])
                yield int(offered_at.timestamp() * 1000), _survey(one, fields)


def _survey(one: Ticket, fields: dict[str, object]) -> dict[str, Any]:
    zrn = f"zen:ticket:{one.id}"
    return {
        "id": f"01{one.id:024d}",
        "responder_id": requester(one),
        "expires_at": None,
        "subject_zrns": [zrn],
        "subjects": [{"id": str(one.id), "type": "ticket", "zrn": zrn}],
        "survey": {"id": "01J58KJ9RAE0D2EK7HRVM7Z8F2", "state": "enabled", "version": 1},
        "answers": [_answer(one, fields)] if "rated_at" in fields else [],
    }


def _answer(one: Ticket, fields: dict[str, object]) -> dict[str, Any]:
    rated_at = stamp(cast("datetime", fields["rated_at"]))
    return {
        "type": "rating_scale",
        "question": _QUESTION,
        "rating": 1 + one.id % 2 if fields["score"] == "bad" else 4 + one.id % 2,
        "rating_category": fields["score"],
        "created_at": rated_at,
        "updated_at": rated_at,
    }
