"""Campaigns: the letters of one day, all sent at once, as a mail tool lists them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sandbox.story.book import Story
from sandbox.story.dice import mix
from sandbox.story.letters import Letter, letters

_DAYS_KEPT = 400


@dataclass(frozen=True, slots=True)
class Campaign:
    """What was sent on one day, and to whom."""

    id: str
    number: int
    sent_at: datetime
    letters: tuple[Letter, ...]


class Campaigns:
    """All campaigns of a story. A day's letters are drawn once: what will have come of them never changes."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._on = lru_cache(_DAYS_KEPT)(self._drawn)

    def sent(self, since: datetime, until: datetime) -> Iterator[Campaign]:
        """Those sent in [since, until], oldest first; there are none before the story begins."""
        for day in range(max(self._story.day(since), 0), self._story.day(until) + 1):
            campaign = self._on(day)
            if campaign is not None and since <= campaign.sent_at <= until:
                yield campaign

    def _drawn(self, day: int) -> Campaign | None:
        midnight = self._story.midnight(day)
        sent = tuple(letters(self._story, midnight, midnight + timedelta(days=1)))
        if not sent:
            return None
        name = f"{mix(self._story.seed, day, 60) & 0xFFFFFFFFFF:010x}"
        return Campaign(name, day, sent[0].sent_at, sent)
