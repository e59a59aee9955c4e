"""Conversing: which thread an account is talked about in, so that what comes later goes on there."""

from dataclasses import dataclass

from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId
from scoring.rules import Rule
from storage import alerts, notices, outbox

_ORDER = {rule: place for place, rule in enumerate(Rule)}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread about one account: the key of the message it began with, and the most pressing rule that is told in it."""

    root: str
    rule: Rule

    def is_topped_by(self, rule: Rule) -> bool:
        """Whether a rule is more pressing than all that was told: then the reply shows in the channel too."""
        return rule.is_urgent or _ORDER[rule] < _ORDER[self.rule]


def conversation(
    session: Session, target: str, account_id: AccountId, *, is_good: bool
) -> Conversation | None:
    """The thread of the account's open alerts that were told there, good news apart from bad; None: there is none.

    A message about several accounts begins none: what goes on in its thread is not seen.
    """
    roots: dict[str, list[Rule]] = {}
    for alert in alerts.open_alerts(session, account_id):
        if alert.announced and alert.rule.is_good is is_good:
            root = _root(session, target, alert)
            if root:
                roots.setdefault(root, []).append(alert.rule)
    for root, rules in roots.items():
        if _is_about_one(session, root):
            return Conversation(root, min(rules, key=_ORDER.__getitem__))
    return None


def _root(session: Session, target: str, alert: Alert) -> str | None:
    for notice in notices.of_alert(session, alert.id):
        if notice.target == target and notice.message_key:
            return outbox.root_of(session, notice.message_key)
    return None


def _is_about_one(session: Session, root: str) -> bool:
    told: list[AlertId] = notices.in_message(session, root)
    return len({each.account_id for each in alerts.by_ids(session, told).values()}) == 1
