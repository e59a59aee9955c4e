"""How people who know an account feel about it: beside the score, which stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.kit import Message
from bot.blocks.standing import Standing, spoken_standing, standing_line
from bot.blocks.text import escape
from scoring.members import MemberId
from scoring.rubric import Rubric
from scoring.sentiments import Mood, Sentiment

MOODS = {
    Mood.GREEN: "🟢 green (going well)",
    Mood.YELLOW: "🟡 yellow (worried)",
    Mood.RED: "🔴 red (may be lost)",
}
"""A colour is never alone: some do not see it, and nobody knows what another means by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentView:
    """What holds for an account, None: nothing; and what was said of it last, newest first. `reader` asks."""

    standing: Standing
    current: Sentiment | None
    history: Sequence[Sentiment] = ()
    reader: MemberId


def render_sentiment(view: SentimentView, *, rubric: Rubric, done: str = "") -> Message:
    """How they feel, beside the score; `done` is what was done just now, mrkdwn."""
    name, standing = words.name_of(view.standing.account), view.standing
    told = f"{done} " if done else ""
    feeling = sentiment_line(view.current, standing.at, reader=view.reader) if view.current else ""
    spoken = (
        _said(view.current, standing.at, view.reader)
        if view.current
        else "nobody says how they feel"
    )
    return kit.message(
        f"{told}{name}: {spoken_standing(standing, rubric)}; {spoken}. The score stays as it is.",
        [
            kit.section(done) if done else None,
            kit.section(f"*{name}*: {standing_line(standing, rubric)}"),
            kit.section(feeling or _nothing(view)),
            kit.lines(_before(view), title="*Said before*", most=5),
            kit.context(
                "The score is what the tools tell and stays as it is; this stands beside it."
            ),
        ],
    )


def sentiment_line(said: Sentiment, at: datetime, *, reader: MemberId | None = None) -> str:
    """🔴 red (may be lost), @dana says since 3 Mar, until 22 Feb: “champion leaves”. For the card too."""
    since = words.day(said.at.astimezone(at.tzinfo).date(), at)
    who = _who(said, reader)
    return f"{MOODS[said.mood]}, {who} since {since}{_until(said, at)}: “{escape(said.reason)}”"


def _said(said: Sentiment, at: datetime, reader: MemberId) -> str:
    return f"{_who(said, reader)} {said.mood} (“{escape(said.reason)}”){_until(said, at)}"


def _who(said: Sentiment, reader: MemberId | None) -> str:
    return "you say" if said.member == reader else f"{words.mention(said.member)} says"


def _until(said: Sentiment, at: datetime) -> str:
    return f", until {words.day(said.expires_on, at)}" if said.expires_on else ""


def _before(view: SentimentView) -> list[str]:
    """What no longer holds, or is overruled by what was said since."""
    at = view.standing.at
    return [
        f"{words.day(each.at.astimezone(at.tzinfo).date(), at)} {MOODS[each.mood]}, "
        f"{words.mention(each.member)}: “{escape(each.reason, 100)}”"
        f"{' (taken back)' if each.ended_at else ''}"
        for each in view.history
        if each != view.current
    ]


def _nothing(view: SentimentView) -> str:
    asked = f"/health sentiment {escape(view.standing.account.name, 60)} red champion leaves"
    return f"Nobody says how they feel about it. `{asked}` says it, in your own words."
