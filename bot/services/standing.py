"""Standing: how an account is now and was a week ago, for answers that are about something else of it."""

from datetime import datetime

from sqlmodel import Session

from bot.blocks.standing import Standing
from scoring.accounts import Account
from scoring.readings import day_number
from storage import members, scores


def standing_of(session: Session, account: Account, *, at: datetime) -> Standing:
    """`at` is now, in the reader's zone."""
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    return Standing(
        account=account,
        score=scores.latest(session, [account.id]).get(account.id),
        week_ago=scores.on_day(session, [account.id], day_number(at) - 7).get(account.id),
        csm_mention=csm.id if csm else None,
        at=at,
    )
