"""What somebody filled into a modal, read out of its `state.values`; every element there is called FIELD."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bot.blocks.actions import FIELD

Values = Mapping[str, Any]


def chosen(values: Values, block_id: str) -> str:
    """The value that was chosen from a menu or with a radio button; empty: none."""
    return str((_field(values, block_id).get("selected_option") or {}).get("value") or "")


def typed(values: Values, block_id: str) -> str:
    """What was typed, as it was: escape it before anybody sees it."""
    return str(_field(values, block_id).get("value") or "").strip()


def moment(values: Values, block_id: str) -> datetime | None:
    """The instant that was picked; None: none was."""
    picked = _field(values, block_id).get("selected_date_time")
    return datetime.fromtimestamp(int(picked), UTC) if picked else None


def day(values: Values, block_id: str) -> date | None:
    """The day that was picked; None: none was."""
    picked = _field(values, block_id).get("selected_date")
    return date.fromisoformat(picked) if picked else None


def member(values: Values, block_id: str) -> str:
    """The Slack user id of who was picked; empty: nobody was."""
    return str(_field(values, block_id).get("selected_user") or "")


def _field(values: Values, block_id: str) -> Mapping[str, Any]:
    field = (values.get(block_id) or {}).get(FIELD)
    return field if isinstance(field, dict) else {}
