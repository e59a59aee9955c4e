"""What is told of several rules and accounts: every rule's alert, grouped lines, holds, briefs, and what is said in threads."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from block_samples import (
    ACME,
    ALERT,
    AT,
    CLOSED,
    HANDLED,
    NAMES,
    POLICY,
    RUBRIC,
    TASK,
    alert_view,
    named,
)
from slack_sdk.models.blocks import Block
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.alert import render_again, render_alert, render_recovery_reply
from bot.blocks.alert_group import render_group, render_rebased
from bot.blocks.brief import BriefView, CriticalLine, TaskLine, UnstableLine, render_brief
from bot.blocks.holds import HoldView, render_hold, render_lifted
from bot.blocks.kit import as_text
from bot.blocks.limits import problems
from bot.blocks.pursuit import render_ack_expired, render_escalated, render_woken
from scoring.accounts import AccountId, Money
from scoring.alerts import AlertId
from scoring.guard import HoldId, MassMove, Verdict
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.readings import day_number
from scoring.rules import Family, Rule

USAGE = "events down 52% in 7 days: 480 where 1,000 a week were usual (median of 6 weeks; everybody: -3%)"
LEFT = replace(ACME, churned_on=date(2026, 3, 20), mrr=None, plan=None, renews_on=None)
GONE = BillingEvent(
    kind=BillingEventKind.CANCELLED,
    at=AT,
    subject="sub_1",
    before=Money(Decimal(120_000), "usd"),
)


def of(rule, evidence=USAGE, **changes):
    """An alert of a rule that is no line on the score."""
    return replace(ALERT, rule=rule, evidence=evidence, **changes)


def alert(told, account=ACME, **changes):
    return render_alert(alert_view(told, account, **changes), rubric=RUBRIC, policy=POLICY)


def group(*views):
    return render_group(views, rubric=RUBRIC)


def line(number=1, name="Acme Corp", told=ALERT, **changes):
    account = replace(named(name), id=AccountId(number), plan="Growth")
    return alert_view(replace(told, id=AlertId(number)), account, **changes)


def hold(**changes):
    view = HoldView(
        id=HoldId(3),
        source="",
        moves=(
            MassMove(rule=Rule.AT_RISK, opens=True, accounts=214, of=700),
            MassMove(rule=Rule.DECLINING_USAGE, opens=True, accounts=212, of=700),
        ),
        day=None,
        told=0,
        usual=0.0,
        opened_at=AT,
        closed_at=None,
        verdict=None,
        closed_by=None,
        at=AT,
    )
    return replace(view, **changes)


SLUMP = hold(source="Mixpanel", moves=(), day=day_number(AT) - 1, told=50_100, usual=102_400.0)


def brief(critical=0, unstable=0, tasks=0, name="Acme Corp"):
    account = named(name)
    return BriefView(
        on=AT.date(),
        critical=tuple(
            CriticalLine(
                account=account, days=n + 1, value=30.0 + n, held_by="U0LEE" if n % 2 else None
            )
            for n in range(critical)
        ),
        unstable=(UnstableLine(account=account, rule=Rule.AT_RISK),) * unstable,
        tasks=(TaskLine(task=TASK, account=account),) * tasks,
        at=AT,
    )


MESSAGES = {
    **{f"alert {rule}": alert(of(rule)) for rule in Rule if rule.family is not Family.LINE},
    "alert with others beside it": alert(
        ALERT,
        also=(
            of(Rule.SHARP_DROP, "27 points down within 7 days, from 62"),
            of(Rule.DECLINING_USAGE),
        ),
    ),
    "alert over with others still open": alert(
        replace(CLOSED, rule=Rule.AT_RISK), also=(of(Rule.DECLINING_USAGE),)
    ),
    "alert of a customer that left": alert(
        of(Rule.CANCELLATION, BillingEventKind.CANCELLED, closed_at=AT), LEFT, event=GONE
    ),
    "alert without a score": alert(of(Rule.DETRACTOR, "NPS 3", value=None), score=None),
    "alert passed on": alert(replace(ALERT, escalated_to="U0BOSS", escalated_at=AT)),
    "recovery of a flag": render_recovery_reply(
        alert_view(of(Rule.DECLINING_USAGE, closed_at=AT + timedelta(days=3))), rubric=RUBRIC
    ),
    "again": render_again(alert_view(), rubric=RUBRIC),
    "group of two": group(
        line(1), line(2, "Globex", replace(HANDLED, rule=Rule.AT_RISK, snoozed_until=None))
    ),
    "group of opportunities": group(
        line(1, told=of(Rule.GROWING)), line(2, "Globex", replace(ALERT, rule=Rule.EXPANSION))
    ),
    "group of which one is over": group(line(1, told=CLOSED), line(2, "Globex")),
    "group of which all are over": group(line(1, told=CLOSED), line(2, "Globex", CLOSED)),
    "group far too long": group(*(line(n, NAMES["long"]) for n in range(5000))),
    "re-based": render_rebased([line(n) for n in range(3)], rubric=RUBRIC),
    "re-based far too many": render_rebased(
        [line(n, NAMES["long"]) for n in range(5000)], rubric=RUBRIC
    ),
    "hold of crossings": render_hold(hold()),
    "hold of a slump": render_hold(SLUMP),
    "hold of silence": render_hold(replace(SLUMP, told=0)),
    "hold released": render_hold(hold(closed_at=AT, verdict=Verdict.RELEASED, closed_by="U0OPS")),
    "hold dropped": render_hold(
        replace(SLUMP, closed_at=AT, verdict=Verdict.DROPPED, closed_by="U0OPS")
    ),
    "hold lifted": render_hold(replace(SLUMP, closed_at=AT, verdict=Verdict.LIFTED)),
    "hold is over": render_lifted(SLUMP),
    "brief of one task": render_brief(brief(tasks=1), rubric=RUBRIC),
    "brief of everything": render_brief(brief(3, 2, 2), rubric=RUBRIC),
    "brief far too long": render_brief(brief(900, 900, 900, NAMES["long"]), rubric=RUBRIC),
    "escalated": render_escalated(alert_view(), to="U0BOSS", after_hours=4),
    "acknowledged too long ago": render_ack_expired(alert_view(), by="U0LEE"),
    "woken": render_woken(alert_view(), by="U0LEE", rubric=RUBRIC),
    "woken without a score": render_woken(
        alert_view(replace(ALERT, value=None), score=None), by=None, rubric=RUBRIC
    ),
    **{
        f"group named {each}": group(
            line(1, name, csm_mention=name), line(2, name, of(Rule.DETRACTOR, name))
        )
        for each, name in NAMES.items()
    },
    **{
        f"brief named {each}": render_brief(brief(1, 1, 1, name), rubric=RUBRIC)
        for each, name in NAMES.items()
    },
    **{
        f"flag alert named {each}": alert(of(Rule.DECLINING_USAGE, name), named(name))
        for each, name in NAMES.items()
    },
}


@pytest.fixture(params=MESSAGES)
def title(request):
    return request.param


def test_looks_as_it_did(title, snapshot):
    message = MESSAGES[title]
    seen = {"text": message.text, "blocks": message.blocks}
    assert seen == snapshot(extension_class=JSONSnapshotExtension)


def test_slack_takes_it(title):
    message = MESSAGES[title]
    assert problems(message.blocks, "message") == []
    for block in message.blocks:
        Block.parse(block).validate_json()
    assert message.text.strip()
    assert "<!channel>" not in message.text


@pytest.mark.parametrize("rule", [each for each in Rule if each.family is not Family.LINE])
def test_an_alert_says_what_happened_why_and_what_to_do_next(rule):
    said = as_text(alert(of(rule)))
    assert said.startswith("Acme Corp ")
    assert USAGE in said
    assert "Next: " in said
    assert "35" in said  # where the score stands


def test_a_group_says_the_most_pressing_next_step_of_what_is_still_open():
    said = as_text(MESSAGES["group of which one is over"])
    assert "Next, with Globex" in said
    assert "Next" not in as_text(MESSAGES["group of which all are over"])


def test_a_brief_puts_the_worst_account_first():
    said = as_text(render_brief(brief(critical=3), rubric=RUBRIC))
    assert said.index("30") < said.index("31") < said.index("32")


def test_what_is_lost_is_said_in_money():
    assert "$1,200 a month is lost" in as_text(MESSAGES["alert of a customer that left"])
