"""Delivery: the outbox to Slack, in order, paced, once as far as Slack lets us prove it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlmodel import Session

from bot import posting
from bot.answers import NO_ANSWER, SHARED, Meaning, code_of, lane_of, meaning_of, retry_after
from bot.blocks.kit import Message
from bot.blocks.notices import render_blocked, render_undeliverable
from bot.deps import Deps
from bot.posting import EVENT_TYPE, ClosedError, LateError, OutsideError, SharedError
from bot.services import speaking
from storage import channels, claims, outbox
from storage.channels import Lane
from storage.claims import PACE, Claim, Place
from storage.outbox import Kind

__all__ = ("EVENT_TYPE", "LEASE", "USUAL", "Patience", "deliver")

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # the posting client's timeout and a margin
LONGEST_TRY = timedelta(days=3)
"""A message that does not get through is tried for so long: an outage, a token or a channel to be mended, loses nothing."""
SHORTEST_TRY = timedelta(minutes=10)
"""And one that waited in line all that time, or while nobody delivered, is not given up for a single bad answer."""
_TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a claim holds, and how long to wait between two attempts: from `settle` on, doubling up to `longest`.

    A message taken by Slack may take a moment to show in the history, hence `settle`.
    """

    lease: timedelta = LEASE
    settle: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=5)

    def wait(self, attempt: int) -> timedelta:
        return min(self.longest, self.settle * (1 << min(attempt - 1, 10)))


USUAL = Patience()


def deliver(deps: Deps, client: WebClient, *, patience: Patience = USUAL) -> int:
    """Send what is due, until nothing is. Returns how many were sent.

    `client` must not retry by itself: a message whose answer was lost would be posted twice.
    """
    sent = 0
    while claim := _take(deps, patience):
        sent += _Delivery(deps, client, claim, patience).run()
    return sent


def _take(deps: Deps, patience: Patience) -> Claim | None:
    with deps.db.write() as session:
        return claims.take(session, at=deps.clock.now(), lease=patience.lease)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One message on its way."""

    deps: Deps
    client: WebClient
    claim: Claim
    patience: Patience

    @property
    def _now(self) -> datetime:
        return self.deps.clock.now()

    def run(self) -> bool:
        """Send it, or note why not. True when it is out."""
        try:
            place = posting.send(self.deps, self.client, self.claim)
        except OutsideError as error:
            self._bury(str(error))
        except SharedError:
            self._hold(SHARED)
        except LateError:
            self._put_back("too slow")
        except ClosedError as error:
            self._put_back("ratelimited", until=error.until)
        except SlackApiError as error:
            self._sort_out(error)
        except NO_ANSWER as error:
            # The connection broke: Slack may have taken it. After a while the history is read.
            log.warning("answer lost", key=self.claim.message.key, error=type(error).__name__)
            self._lose(type(error).__name__)
        else:
            return self._note(place) if place else self._expire()
        return False

    def _note(self, place: Place) -> bool:
        """It is out. Where somebody else posted it too, while this process stood still, theirs stands."""
        claim = self.claim
        with self.deps.db.write() as session:
            ours = claims.mark_sent(session, claim, place, at=self._now)
            if ours:
                channels.clear_problem(session, claim.message.target)
            elif claim.message.kind is Kind.UPDATE:
                claims.repeat_newest(session, claim)
            else:
                claims.note_late(session, claim, place)
            if claim.message.kind is not Kind.UPDATE:
                channels.park(session, claim.message.target, until=self._now + PACE)
            stands_at = outbox.stands_at(session, claim.message.key)
        if claim.message.kind is not Kind.UPDATE and stands_at not in {None, place.ts}:
            log.warning("a message was posted twice: one is taken back", key=claim.message.key)
            posting.take_back(self.client, place)
        return ours

    def _expire(self) -> bool:
        with self.deps.db.write() as session:
            claims.mark_expired(session, self.claim, at=self._now)
        return False

    def _sort_out(self, error: SlackApiError) -> None:
        """Slack refused: wait, find out, or give up, by what it said."""
        code, meaning = code_of(error), meaning_of(error)
        if meaning is Meaning.WAIT:
            until = self._now + (retry_after(error) or self.patience.wait(self.claim.attempt))
            with self.deps.db.write() as session:
                channels.park(session, lane_of(error), until=until)
            self._put_back("ratelimited", until=until)
        elif meaning is Meaning.LOCKED_OUT:
            log.error("Slack refuses the app: mend slack.bot_token, or its scopes", reason=code)
            self._put_back(code)
        elif meaning is Meaning.CHANNEL and not posting.is_member(self.claim.message.target):
            self._hold(code)
        elif meaning is Meaning.UNKNOWN and lane_of(error) is not Lane.READ:
            self._lose(code)
        elif meaning is Meaning.UNKNOWN:
            self._put_back(code)
        else:
            self._bury(code)

    def _hold(self, problem: str) -> None:
        """Nobody can post to this channel: its messages wait for somebody to mend it, and operators are asked to."""
        target, is_over = self.claim.message.target, self._now >= self.claim.due_at + LONGEST_TRY
        with self.deps.db.write() as session:
            if channels.note_problem(session, target, problem, at=self._now):
                log.error("a channel cannot be posted to", channel=target, reason=problem)
            if not is_over:
                channels.park(session, target, until=self._next_try())
                key = f"blocked:{target}:{problem}:{self._now.date()}"
                self._tell_operators(session, render_blocked(target, problem), key=key)
        if is_over:
            self._bury(problem)
        else:
            self._put_back(problem)

    def _put_back(self, error: str, *, until: datetime | None = None) -> None:
        """It is surely not out, unless an earlier attempt's answer was lost: then it is looked for again."""
        if self.claim.unknown:
            self._lose(error, until=until)
        elif not self._give_up_in_the_end(error):
            with self.deps.db.write() as session:
                claims.postpone(session, self.claim, until=until or self._next_try(), error=error)

    def _lose(self, error: str, *, until: datetime | None = None) -> None:
        """It may be out: it is looked for before it is posted again."""
        if not self._give_up_in_the_end(error):
            until = until or self._next_try()
            with self.deps.db.write() as session:
                claims.mark_unknown(session, self.claim, until=until, error=error)

    def _next_try(self) -> datetime:
        return self._now + self.patience.wait(self.claim.attempt)

    def _give_up_in_the_end(self, error: str) -> bool:
        if self._is_over():
            self._bury(error)
        return self._is_over()

    def _is_over(self) -> bool:
        ends_at = (self.claim.due_at + LONGEST_TRY, self.claim.first_try_at + SHORTEST_TRY)
        return self._now >= max(ends_at)

    def _bury(self, reason: str) -> None:
        """Give it up, and tell operators; of a change whose message somebody deleted there is nothing to tell."""
        message = self.claim.message
        log.error(
            "message cannot be delivered", key=message.key, target=message.target, reason=reason
        )
        with self.deps.db.write() as session:
            buried = claims.mark_dead(session, self.claim, error=reason, at=self._now)
            if buried and not (message.kind is Kind.UPDATE and reason == "message_not_found"):
                told = render_undeliverable(message.target, reason)
                key = f"undeliverable:{message.target}:{reason}:{self._now.date()}"
                self._tell_operators(session, told, key=key)

    def _tell_operators(self, session: Session, message: Message, *, key: str) -> None:
        """Say once what does not get through, unless it is the operators' own channel that is broken."""
        operators = self.deps.config.slack.admin_channel
        if self.claim.message.target != operators:
            speaking.say(
                session,
                message,
                key=key,
                target=operators,
                at=self._now,
                expires_at=self._now + _TOLD_FOR,
            )
