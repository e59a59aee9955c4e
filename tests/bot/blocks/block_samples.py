"""Accounts, scores and alerts of four sizes (none, one, many, absurd) for the block tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.blocks.account_view import AccountView, SourceFreshness
from bot.blocks.alert import AlertView
from bot.blocks.alerts_page import AlertsPage, OpenLine
from bot.blocks.charts import Marker, MarkerKind
from bot.blocks.lists import ListPage, Overview, Row, Tally
from bot.blocks.matches import Candidate, MatchQueue, Pending
from bot.blocks.sources import SourceView
from bot.blocks.tasks import TaskItem, TasksPage
from scoring.accounts import Account, AccountId, Money
from scoring.alerts import Alert, AlertId, AlertPolicy, Rule
from scoring.health import Cap, HealthScore, Part, PastScore
from scoring.identity import Link, MatchedBy, Waiting
from scoring.members import MemberId
from scoring.notes import Note, NoteId
from scoring.playbooks import PLAYBOOKS, Task, TaskId, Watch, WatchKind
from scoring.readings import day_number
from scoring.records import Kind, SurveyResponse
from scoring.rubric import Component, Rubric, Status
from scoring.rules import Flag
from scoring.sentiments import Mood, Sentiment

AT = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
TODAY = day_number(AT)
RUBRIC = Rubric()
POLICY = AlertPolicy()

# What a customer could call itself.
NAMES = {
    "mention": "<!channel> Corp <https://evil.example|click> & *Sons* _Ltd_ ~x~ `rm`",
    "long": "Consolidated Amalgamated Holdings " * 9,
    "hebrew": "חברת אקמה בע״מ",
    "override": "Acme\u202egnp.exe\u200b\u2066 :fire: > \n\n*Urgent*\t@here",
    "emoji": "👩‍👩‍👧‍👦🇨🇭👍🏽" * 40,
    "zalgo": "A" + "\u0301" * 400,
    "empty": " \u200b\n",
}

ACME = Account(
    id=AccountId(7),
    key="acme",
    name="Acme Corp",
    csm_email="dana@bellwether.example",
    mrr=Money(Decimal(120_000), "usd"),
    plan="Growth",
    renews_on=date(2026, 4, 12),
)

_LEVELS = {
    Component.USAGE: ("monthly", 10, "last active 12 days ago; 9 active users in 30 days"),
    Component.FEATURES: (
        "some",
        10,
        "2 of 6 core features used in 30 days; not: report_exported, api_called",
    ),
    Component.SUPPORT: ("escalated", 0, "1 open ticket escalated (urgent priority)"),
    Component.ENGAGEMENT: ("low", 5, "of 4 contacts 1 opened in 30 days"),
    Component.PAYMENT: ("current", 10, "all paid"),
}


def part(component: Component, *, stale: bool = False, evidence: str = "") -> Part:
    level, points, words = _LEVELS[component]
    return Part(
        component=component,
        level=level,
        points=points,
        share=points,
        evidence=evidence or words,
        as_of=AT - timedelta(hours=9),
        stale=stale,
    )


SCORE = HealthScore(
    value=35.0,
    status=Status.CRITICAL,
    coverage=1.0,
    parts=tuple(part(component) for component in Component),
    scored_at=AT,
)
PARTIAL = HealthScore(
    value=200 / 7.5 + 20,
    status=Status.AT_RISK,
    coverage=0.85,
    parts=tuple(
        part(each, stale=each is Component.USAGE)
        for each in Component
        if each is not Component.ENGAGEMENT
    ),
    scored_at=AT,
    missing={Component.ENGAGEMENT: "nobody there was mailed in 90 days"},
)
THIN = HealthScore(
    value=100.0,
    status=None,
    coverage=0.10,
    parts=(part(Component.PAYMENT),),
    scored_at=AT,
    missing={
        each: "the account is not linked there"
        for each in Component
        if each is not Component.PAYMENT
    },
)
EMPTY = HealthScore(
    value=None,
    status=None,
    coverage=0.0,
    parts=(),
    scored_at=AT,
    missing=dict.fromkeys(Component, "no source is configured for this"),
)
WEEK_AGO = PastScore(
    day=TODAY - 7,
    value=62.0,
    status=Status.STABLE,
    coverage=1.0,
    shares={
        Component.USAGE: 20.0,
        Component.FEATURES: 10.0,
        Component.SUPPORT: 15.0,
        Component.ENGAGEMENT: 10.0,
        Component.PAYMENT: 7.0,
    },
)
MONTH_AGO = replace(WEEK_AGO, day=TODAY - 30, value=71.0)
TREND = tuple((TODAY - 29 + n, 71 - n * 1.2) for n in range(30) if n not in {9, 10, 11})

FLAGS = (
    Flag(
        rule=Rule.DECLINING_USAGE,
        evidence="events down 55% in 7 days: 90 where 200 a week were usual (median of 6 weeks; "
        "everybody: -3%); it was as quiet at this time last year",
        since=TODAY - 4,
        as_of=AT,
    ),
    Flag(
        rule=Rule.SUPPORT_ESCALATION,
        evidence="1 open ticket escalated (urgent priority)",  # the component says it already
        since=TODAY,
        as_of=AT,
    ),
    Flag(
        rule=Rule.FEATURE_ABANDONMENT,
        evidence="Report <b>*Viewed*</b> not used for 16 days; before, week after week",
        since=TODAY - 400,
        as_of=AT - timedelta(days=3),
    ),
    Flag(
        rule=Rule.GROWING,
        evidence="17 people active in 28 days, 7 in the 28 before",
        since=TODAY - 1,
        as_of=AT,
    ),
)
FLAGGED = replace(
    SCORE,
    flags=FLAGS,
    judged={
        Rule.DECLINING_USAGE: AT,
        Rule.SUPPORT_ESCALATION: AT,
        Rule.GROWING: AT,
        Rule.PAYMENT_ISSUE: AT,
    },
)
CAPPED = replace(
    SCORE,
    value=59.9,
    status=Status.AT_RISK,
    flags=FLAGS[1:2],
    judged={Rule.SUPPORT_ESCALATION: AT},
    cap=Cap(rule=Rule.SUPPORT_ESCALATION, uncapped=80.4),
)

ALERT = Alert(
    id=AlertId(17),
    account_id=ACME.id,
    rule=Rule.CRITICAL,
    episode=1,
    opened_at=AT,
    value=35.0,
    before=62.0,
    announced=True,
)
HANDLED = replace(
    ALERT,
    opened_at=AT - timedelta(days=2),
    acknowledged_by="U0DANA",
    acknowledged_at=AT - timedelta(hours=20),
    assigned_to="U0LEE",
    assigned_by="U0DANA",
    outreach_by="U0LEE",
    outreach_at=AT - timedelta(hours=2),
    outreach_note="Call with Dana Fox: agreed on a next step. *They* will <b>train</b>\nthe new team.",
    snoozed_until=AT + timedelta(days=3),
    snoozed_by="U0LEE",
)
CLOSED = replace(HANDLED, opened_at=AT - timedelta(days=9), closed_at=AT)
TASK = Task(
    id=TaskId(3),
    account_id=ACME.id,
    alert_id=ALERT.id,
    title="Urgent outreach",
    due_on=date(2026, 3, 18),
    csm_email=ACME.csm_email,
)
WATCH = Watch(account_id=ACME.id, kind=WatchKind.DAILY_MONITORING, since_on=date(2026, 3, 18))
SOURCES = {
    "Stripe": SourceFreshness(AT - timedelta(minutes=12), is_stale=False),
    "Mixpanel": SourceFreshness(AT - timedelta(hours=9), is_stale=True),
    "HubSpot": SourceFreshness(None, is_stale=True),
}


def named(name: str) -> Account:
    return replace(ACME, name=name, plan=name, csm_email=name)


def note(body: str) -> Note:
    return Note(
        id=NoteId(1),
        account_id=ACME.id,
        member=MemberId("U0DANA"),
        body=body,
        permalink=None,
        at=AT - timedelta(days=3),
    )


def feeling(reason: str) -> Sentiment:
    return Sentiment(
        account_id=ACME.id,
        mood=Mood.RED,
        reason=reason,
        member=MemberId("U0DANA"),
        at=AT - timedelta(days=5),
        expires_on=date(2026, 6, 1),
    )


MARKERS = [
    Marker(day=TODAY - 2, kind=MarkerKind.ALERT, label="Critical"),
    Marker(day=TODAY - 1, kind=MarkerKind.OUTREACH),
    Marker(day=TODAY - 20, kind=MarkerKind.PLAN, label="Downgraded"),
    Marker(day=TODAY - 3, kind=MarkerKind.NOTE),
]


def full_card(account: Account = ACME) -> AccountView:
    return AccountView(
        account=account,
        score=SCORE,
        week_ago=WEEK_AGO,
        month_ago=MONTH_AGO,
        trend=TREND,
        csm_mention="U0DANA",
        open_alerts=[HANDLED],
        tasks=[TASK],
        watches=[WATCH],
        sources=SOURCES,
        notes=[note("Renewal talk went well")],
        sentiment=feeling("Their champion leaves"),
        contacts=4,
        replied_at=AT - timedelta(days=6),
        markers=MARKERS,
        links=[
            ("HubSpot", "https://app.hubspot.com/company/1?a=1&b=2|x"),
            ("Bad", "javascript:alert(1)"),
        ],
        at=AT,
    )


def absurd_card(name: str) -> AccountView:
    """Everything there is hundreds of times, and all of it says `name`."""
    parts = tuple(part(component, evidence=name or " ") for component in Component)
    return replace(
        full_card(named(name)),
        score=replace(SCORE, parts=parts),
        csm_mention=name,
        open_alerts=[replace(HANDLED, acknowledged_by=name)] * 200,
        tasks=[replace(TASK, title=name)] * 200,
        notes=[note(name)] * 200,
        sentiment=feeling(name),
        markers=[replace(each, label=name) for each in MARKERS * 50],
        sources={f"{name}{n}": each for n in range(40) for each in SOURCES.values()},
        links=[(name, f"https://x.example/{name}")] * 60,
    )


def alert_view(alert: Alert = ALERT, account: Account = ACME, **changes: object) -> AlertView:
    view = AlertView(
        alert=alert,
        account=account,
        score=SCORE,
        week_ago=WEEK_AGO,
        csm_mention="U0DANA",
        at=AT,
        playbook=PLAYBOOKS[alert.rule],
    )
    return replace(view, **changes)


def row(number: int = 1, name: str = "Acme Corp") -> Row:
    return Row(
        account=replace(named(name), id=AccountId(number), csm_email="dana@bellwether.example"),
        value=35.0 + number % 5,
        status=Status.CRITICAL,
        change_7d=-27.0,
        reason="Down mostly on support: 1 open ticket escalated (urgent priority)",
        csm_mention="U0DANA",
        days_in_status=number,
        watch=WatchKind.DAILY_MONITORING,
    )


def page(
    rows: int, *, total: int = 0, offset: int = 0, name: str = "Acme Corp", scope: str = "all"
) -> ListPage:
    return ListPage(
        status=Status.CRITICAL,
        scope=scope,
        rows=[row(number, name) for number in range(1, rows + 1)],
        total=total or rows,
        offset=offset,
        page_size=max(rows, 1),
        at=AT,
    )


COUNTS = {
    Status.CRITICAL: Tally(3, (Money(Decimal(450_000), "usd"), Money(Decimal(95_000), "eur"))),
    Status.AT_RISK: Tally(11, (Money(Decimal(1_650_000), "usd"),)),
    Status.HEALTHY: Tally(4_986, (Money(Decimal(750_000_000), "usd"),)),
    None: Tally(2),
}


def overview(*, is_mine: bool = True, name: str = "Acme Corp", rows: int = 5) -> Overview:
    return Overview(
        counts=COUNTS,
        worst=[row(number, name) for number in range(1, rows + 1)],
        tasks=[(TASK, named(name))] * rows,
        is_mine=is_mine,
        at=AT,
    )


NOTHING = Overview(counts={}, worst=(), tasks=(), is_mine=True, at=AT)


def pending(number=1, *, name="Acme GmbH", candidates=(), **more):
    """An organisation that waits; `candidates` are (name of the account, why)."""
    waiting = Waiting(
        link_id=number,
        source="zendesk",
        ref=f"90{number}",
        name=name,
        account_key=None,
        domains=("acme.example",),
        first_seen_at=AT - timedelta(days=3),
    )
    found = [
        Candidate(replace(ACME, id=AccountId(n), name=called), why)
        for n, (called, why) in enumerate(candidates, start=7)
    ]
    return Pending(waiting=waiting, title="Zendesk", candidates=found, **more)


def queue(*rows, total=None, offset=0, quiet=0):
    count = len(rows) if total is None else total
    return MatchQueue(rows=rows, total=count, quiet=quiet, offset=offset, page_size=5)


def link(source="zendesk", by=MatchedBy.DOMAIN, **more):
    return Link(
        id=1,
        source=source,
        ref="900",
        name=more.pop("name", "Acme GmbH"),
        account_id=AccountId(7),
        matched_by=by,
        matched_at=AT - timedelta(days=20),
        **more,
    )


def source(title="Zendesk", **changes):
    told = {
        "tells": (Kind.ACCOUNTS, Kind.TICKETS),
        "last_ok_at": AT - timedelta(minutes=9),
        "failing_since": None,
        "problem": None,
        "is_stale": False,
        "every": timedelta(minutes=15),
        "records": 12_345,
        "requests": 678,
        "rejected": 0,
        "waiting": 0,
        "is_record": False,
    }
    return SourceView(title=title, **(told | changes))


def survey(kind, score, **more):
    answered_at = AT - timedelta(days=12)
    return SurveyResponse(
        id="1",
        account_ref="acme",
        kind=kind,
        score=score,
        answered_at=answered_at,
        updated_at=answered_at,
        **more,
    )


def open_line(number=1, name="Acme Corp", **changes):
    told = {
        "account": replace(named(name), id=AccountId(number)),
        "rules": (Rule.CRITICAL, Rule.AT_RISK),
        "value": 35.0,
        "since": AT - timedelta(days=number),
    }
    told |= changes
    value = told["value"]
    return OpenLine(**{"status": None if value is None else RUBRIC.status(value), **told})


def alerts_page(**changes):
    """A page of alerts on which there is only what is given."""
    lists = ("open", "snoozed", "unstable", "held", "trouble", "lately", "longer", "effects")
    nothing = dict.fromkeys(lists, ())
    return AlertsPage(
        **{
            **nothing,
            "mine": False,
            "untold": {},
            "admin_channel": "C0ADMIN",
            "at": AT,
            **changes,
        }
    )


def task_item(number=1, *, account=None, owner="U0DANA", **changes):
    task = replace(TASK, **{"id": TaskId(number), "due_on": AT.date(), **changes})
    return TaskItem(task=task, account=account or ACME, owner=owner)


def tasks_page(*items, scope="mine", total=None, offset=0):
    return TasksPage(
        scope=scope,
        items=items,
        total=len(items) if total is None else total,
        overdue=sum(each.task.due_on < AT.date() for each in items),
        offset=offset,
        page_size=8,
        at=AT,
    )
