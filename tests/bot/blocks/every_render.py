"""Every `render_…` of bot/blocks at every size that it has: nothing, one, many, absurd.

A new render belongs in here, by the name of its module and its own. "absurd" is a name of 300 characters that would
mention, link, format and turn around whatever stands beside it, 5,000 times where there can be so many.
"""

from dataclasses import replace
from datetime import timedelta

from block_samples import (
    ACME,
    ALERT,
    AT,
    COUNTS,
    HANDLED,
    NAMES,
    NOTHING,
    POLICY,
    RUBRIC,
    TODAY,
    TREND,
    WEEK_AGO,
    absurd_card,
    alert_view,
    alerts_page,
    full_card,
    link,
    named,
    overview,
    page,
    pending,
    queue,
    row,
    source,
    task_item,
    tasks_page,
)
from home_samples import NO_WEEK, book, home, review, task
from test_block_added import (
    SPOT,
    card_of,
    feeling,
    note,
    notes_of,
    owned,
    preview,
    sentiment_of,
    standing,
)
from test_block_alerts_page import absurd as absurd_alerts
from test_block_calls import DRAFT, modal, sent
from test_block_told import brief, group, hold, line

from bot.blocks import (
    alert,
    card,
    draft,
    erase,
    exported,
    found,
    history,
    holds,
    lists,
    look_up,
    matches,
    note_modal,
    notes,
    notices,
    outage,
    outreach,
    owner,
    pursuit,
    rubric_page,
    snooze,
    snoozed,
    sources,
    task_modal,
    tasks,
)
from bot.blocks import (
    alerts_page as alerts,
)
from bot.blocks import (
    brief as briefs,
)
from bot.blocks import (
    help as guide,
)
from bot.blocks import (
    home as homes,
)
from bot.blocks import (
    review as reviews,
)
from bot.blocks.alert_group import render_rebased
from bot.blocks.card import AccountView
from bot.blocks.charts import Marker, MarkerKind
from bot.blocks.erase import EraseView
from bot.blocks.history import HistoryView
from bot.blocks.kit import File
from scoring.alerts import AlertId
from scoring.drafts import Draft
from scoring.identity import MatchedBy
from scoring.members import Right
from scoring.rubric import Rubric, Status
from scoring.rules import Rule

EVIL = (" ".join(NAMES.values()) * 2)[:300]
MOST = 5_000
WHO = named(EVIL)
BARE = AccountView(account=ACME, score=None, sources={}, at=AT)
HARD = Rubric(
    core_features=tuple(f"{EVIL[:40]} {n}" for n in range(MOST)),
    caps={Rule.PAYMENT_ISSUE: Status.AT_RISK, Rule.LOW_ENGAGEMENT: Status.STABLE},
)


def alert_of(account=ACME, told=ALERT, **changes):
    return alert_view(told, account, **changes)


def history_of(account=ACME, trend=TREND, weeks=(), markers=()):
    view = HistoryView(account=account, trend=trend, weeks=weeks, markers=markers, days=90, at=AT)
    return history.render_history(view, rubric=RUBRIC)


def erase_of(counts, account=ACME, messages=0, waiting=0, children=0):
    return erase.render_erase(
        EraseView(
            account=account, counts=counts, messages=messages, waiting=waiting, children=children
        )
    )


def erased(name, records, messages, *, is_sqlite=True):
    return erase.render_erased(name, records=records, messages=messages, is_sqlite=is_sqlite)


def exported_as(name, rows, of="At-risk"):
    return exported.render_exported(File(name, b"x"), rows, of=of)


def of_rubric(rubric=RUBRIC, since=AT):
    return rubric_page.render_rubric(rubric, since=since, at=AT)


def homes_of(view):
    return homes.as_view(homes.render_home(view, rubric=RUBRIC), scope=view.scope, at=AT)


def ruled(render, **more):
    """The same alert's message of one account and of an absurd one."""
    return {
        "1": render(alert_of(), rubric=RUBRIC, **more),
        "absurd": render(alert_of(WHO, csm_mention=EVIL), rubric=RUBRIC, **more),
    }


MARKERS = [Marker(day=TODAY, kind=MarkerKind.NOTE, label=EVIL)] * MOST
PLENTY = dict.fromkeys(
    ("link", "ticket", "contact", "subscription", "invoice", "survey_response", "usage_day",
     "active_user", "snapshot", "alert", "task", "note", "sentiment", "watch"), 123_456
)  # fmt: skip
GOOD = replace(ALERT, rule=Rule.EXPANSION, value=83.0, before=72.0)

RENDERS = {
    "alert.render_alert": ruled(alert.render_alert, policy=POLICY)
    | {
        "many": alert.render_alert(
            alert_of(told=HANDLED, also=[GOOD] * MOST), rubric=RUBRIC, policy=POLICY
        )
    },
    "alert.render_recovery_reply": ruled(alert.render_recovery_reply),
    "alert.render_again": ruled(alert.render_again),
    "alert.render_still_critical": ruled(alert.render_still_critical, day=3),
    "alert_group.render_group": {
        "1": group(line(1)),
        "many": group(*(line(n) for n in range(1, 12))),
        "absurd": group(*(line(n, EVIL) for n in range(1, MOST))),
    },
    "alert_group.render_rebased": {
        "1": render_rebased([line(1)], rubric=RUBRIC),
        "many": render_rebased([line(n) for n in range(1, 12)], rubric=RUBRIC),
        "absurd": render_rebased([line(n, EVIL) for n in range(1, MOST)], rubric=RUBRIC),
    },
    "alerts_page.render_alerts": {
        "0": alerts.render_alerts(alerts_page(), rubric=RUBRIC),
        "1": alerts.render_alerts(alerts_page(untold={None: 1}), rubric=RUBRIC),
        "absurd": alerts.render_alerts(absurd_alerts(EVIL), rubric=RUBRIC),
    },
    "brief.render_brief": {
        "1": briefs.render_brief(brief(tasks=1), rubric=RUBRIC),
        "many": briefs.render_brief(brief(3, 2, 9), rubric=RUBRIC),
        "absurd": briefs.render_brief(brief(MOST, MOST, MOST, EVIL), rubric=RUBRIC),
    },
    "call.render_call": {"1": modal(alert_of()), "absurd": modal(alert_of(WHO))},
    "call.render_planned": {"1": sent(alert_of()), "absurd": sent(alert_of(WHO), file_url=None)},
    "card.render_card": {
        "0": card.render_card(BARE, rubric=RUBRIC),
        "1": card.render_card(full_card(), rubric=RUBRIC),
        "absurd": card.render_card(absurd_card(EVIL), rubric=RUBRIC),
    },
    "draft.render_draft": {
        "1": draft.render_draft(alert_of(), DRAFT, rubric=RUBRIC),
        "absurd": draft.render_draft(alert_of(WHO), Draft(EVIL * 9, EVIL * 99), rubric=RUBRIC),
    },
    "draft.render_ready": {
        "1": draft.render_ready(DRAFT),
        "absurd": draft.render_ready(Draft(EVIL * 9, EVIL * 99)),
    },
    "erase.render_erase": {
        "0": erase_of({}),
        "1": erase_of({"link": 1, "ticket": 1}, messages=1, waiting=1, children=1),
        "many": erase_of(PLENTY, messages=31, waiting=4, children=7),
        "absurd": erase_of(PLENTY, WHO, messages=99_999, waiting=MOST, children=MOST),
    },
    "erase.render_erased": {
        "0": erased("Acme Corp", 0, 0, is_sqlite=False),
        "1": erased("Acme Corp", 1, 1),
        "many": erased("Acme Corp", 12_345, 31),
        "absurd": erased(EVIL, 10**9, 10**6),
    },
    "erase.render_gone": {"1": erase.render_gone()},
    "exported.render_exported": {
        "0": exported_as("bellwether-at-risk.csv", 0),
        "1": exported_as("bellwether-at-risk.csv", 1),
        "many": exported_as("bellwether-at-risk.csv", 100_000),
        "absurd": exported_as(EVIL, 10**9, of=EVIL),
    },
    "found.render_choices": {
        "1": found.render_choices("acm", [ACME]),
        "many": found.render_choices("acm", [ACME] * 5),
        "absurd": found.render_choices(EVIL, [WHO] * MOST),
    },
    "found.render_not_found": {
        "0": found.render_not_found("akme", []),
        "1": found.render_not_found("akme", [ACME]),
        "absurd": found.render_not_found(EVIL, [WHO] * MOST),
    },
    "found.render_unknown_command": {
        "0": found.render_unknown_command("halp", None),
        "1": found.render_unknown_command("halp", "help"),
        "absurd": found.render_unknown_command(EVIL, EVIL),
    },
    "found.render_denied": {each.value: found.render_denied(each) for each in Right},
    "found.render_notice": {
        "1": found.render_notice(found.render_denied()),
        "absurd": found.render_notice(card.render_card(absurd_card(EVIL), rubric=RUBRIC)),
    },
    "found.render_error": {"1": found.render_error("3f2a9c")},
    "help.render_help": {
        "0": guide.render_help([]),
        "1": guide.render_help([("/health", "your accounts at a glance")]),
        "absurd": guide.render_help([(EVIL, EVIL)] * MOST),
    },
    "history.render_history": {
        "0": history_of(trend=()),
        "1": history_of(trend=TREND[:1]),
        "many": history_of(weeks=[WEEK_AGO] * 12),
        "absurd": history_of(WHO, TREND * 99, [WEEK_AGO] * MOST, MARKERS),
    },
    "holds.render_hold": {
        "1": holds.render_hold(hold()),
        "absurd": holds.render_hold(hold(source=EVIL, moves=hold().moves * MOST)),
    },
    "holds.render_lifted": {
        "1": holds.render_lifted(hold()),
        "absurd": holds.render_lifted(hold(source=EVIL)),
    },
    "home.render_home": {
        "0": homes_of(home()),
        "1": homes_of(home(task(), book=book(1), sources=[source()])),
        "many": homes_of(home(*map(task, range(1, 9)), book=book(31), total=25)),
        "absurd": homes_of(
            home(
                *(task(n, EVIL) for n in range(1, 99)),
                book=book(MOST, name=EVIL),
                total=MOST,
                sources=[source(EVIL)] * 60,
            )
        ),
    },
    "lists.render_list": {
        "0": lists.render_list(page(0), rubric=RUBRIC),
        "1": lists.render_list(page(1), rubric=RUBRIC),
        "many": lists.render_list(page(10, total=MOST, offset=20), rubric=RUBRIC),
        "absurd": lists.render_list(page(MOST, name=EVIL), rubric=RUBRIC),
    },
    "lists.render_overview": {
        "0": lists.render_overview(NOTHING, rubric=RUBRIC),
        "1": lists.render_overview(overview(rows=1), rubric=RUBRIC),
        "many": lists.render_overview(overview(rows=5), rubric=RUBRIC),
        "absurd": lists.render_overview(overview(rows=MOST, name=EVIL), rubric=RUBRIC),
    },
    "look_up.render_look_up": {
        "0": look_up.render_look_up(),
        "1": look_up.render_look_up(ACME, card_of(ACME)),
        "absurd": look_up.render_look_up(WHO, card_of(WHO, lines=MOST)),
    },
    "matches.render_queue": {
        "0": matches.render_queue(queue()),
        "1": matches.render_queue(queue(pending())),
        "many": matches.render_queue(queue(*map(pending, range(1, 6)), total=MOST)),
        "absurd": matches.render_queue(
            queue(
                *(pending(n, name=EVIL, candidates=[(EVIL, EVIL)] * 5) for n in range(1, 99)),
                total=MOST,
            ),
        ),
    },
    "matches.render_links": {
        "0": matches.render_links(ACME, [], AT),
        "1": matches.render_links(ACME, [(link(), "Zendesk")], AT),
        "absurd": matches.render_links(
            WHO, [(link(by=MatchedBy.PERSON, name=EVIL, linked_by=EVIL), EVIL)] * MOST, AT
        ),
    },
    "matches.render_said": {"1": matches.render_said("acme.io is a domain of Acme Corp now.")},
    "note_modal.render_note_form": {
        "1": note_modal.render_note_form(ACME),
        "absurd": note_modal.render_note_form(WHO),
    },
    "note_modal.render_message_form": {
        "0": note_modal.render_message_form(SPOT, "", account=None),
        "1": note_modal.render_message_form(SPOT, "They say no.", account=ACME),
        "absurd": note_modal.render_message_form(SPOT, EVIL * 99, account=WHO),
    },
    "note_modal.render_kept": {
        "1": note_modal.render_kept(standing(), rubric=RUBRIC),
        "absurd": note_modal.render_kept(standing(WHO), rubric=RUBRIC),
    },
    "notes.render_notes": {
        "0": notes_of(),
        "1": notes_of(note()),
        "many": notes_of(*map(note, range(1, 6)), total=1_234),
        "absurd": notes_of(*(note(n, EVIL * 9) for n in range(1, 99)), account=WHO, total=MOST),
    },
    "notes.render_added": {
        "1": notes.render_added(standing(), rubric=RUBRIC),
        "absurd": notes.render_added(standing(WHO), rubric=RUBRIC),
    },
    "notices.render_baseline": {
        "0": notices.render_baseline({}, [], rubric=RUBRIC),
        "1": notices.render_baseline(COUNTS, [row(1)], rubric=RUBRIC),
        "absurd": notices.render_baseline(
            COUNTS, [row(n, EVIL) for n in range(1, MOST)], rubric=RUBRIC
        ),
    },
    "notices.render_source_down": {
        "1": notices.render_source_down("Mixpanel", problem="401", since=AT),
        "absurd": notices.render_source_down(EVIL, problem=EVIL * 9, since=None),
    },
    "notices.render_source_back": {
        "1": notices.render_source_back("Mixpanel", since=AT),
        "absurd": notices.render_source_back(EVIL, since=AT),
    },
    "notices.render_doubles": {
        "1": notices.render_doubles("Stripe", ["Acme"]),
        "many": notices.render_doubles("Stripe", ["Acme"] * 12),
        "absurd": notices.render_doubles(EVIL, [EVIL] * MOST),
    },
    "notices.render_blocked": {
        "1": notices.render_blocked("C0TEAM", "is_archived"),
        "absurd": notices.render_blocked(EVIL, EVIL),
    },
    "notices.render_undeliverable": {
        "1": notices.render_undeliverable("C0TEAM", "is_archived"),
        "absurd": notices.render_undeliverable(EVIL, EVIL),
    },
    "outage.render_outage": {"1": outage.render_outage(since=AT, until=AT + timedelta(hours=2))},
    "outreach.render_outreach": {
        "1": outreach.render_outreach(AlertId(17), "Acme Corp"),
        "absurd": outreach.render_outreach(AlertId(17), EVIL),
    },
    "owner.render_owner": {
        "1": owner.render_owner(standing(), rubric=RUBRIC, done="Done.", more="They are told."),
        "absurd": owner.render_owner(standing(WHO), rubric=RUBRIC, done="Done.", more="x" * MOST),
    },
    "owner.render_owned": {
        "0": owned(),
        "1": owned(ALERT),
        "absurd": owned(*([ALERT] * MOST), account=WHO, step=EVIL * 9),
    },
    "pursuit.render_escalated": {
        "1": pursuit.render_escalated(alert_of(), to="U0BOSS", after_hours=4),
        "absurd": pursuit.render_escalated(alert_of(WHO), to=EVIL, after_hours=4),
    },
    "pursuit.render_ack_expired": {
        "0": pursuit.render_ack_expired(alert_of(told=HANDLED), by=None),
        "1": pursuit.render_ack_expired(alert_of(told=HANDLED), by="U0DANA"),
        "absurd": pursuit.render_ack_expired(alert_of(WHO, HANDLED), by=EVIL),
    },
    "pursuit.render_woken": ruled(pursuit.render_woken, by="U0DANA"),
    "review.render_review": {
        "0": reviews.render_review(NO_WEEK, rubric=RUBRIC),
        "1": reviews.render_review(review(1), rubric=RUBRIC),
        "many": reviews.render_review(review(31), rubric=RUBRIC),
        "absurd": reviews.render_review(review(MOST, name=EVIL), rubric=RUBRIC),
    },
    "rubric_page.render_rubric": {
        "0": of_rubric(since=None),
        "1": of_rubric(),
        "many": of_rubric(replace(RUBRIC, core_features=("login", "report"))),
        "absurd": of_rubric(HARD),
    },
    "sentiment.render_sentiment": {
        "0": sentiment_of(None),
        "1": sentiment_of(feeling()),
        "many": sentiment_of(feeling(), *(feeling(days=n, ended_at=AT) for n in range(9))),
        "absurd": sentiment_of(feeling(reason=EVIL), *([feeling(reason=EVIL)] * MOST), account=WHO),
    },
    "snooze.render_snooze": {
        "1": snooze.render_snooze(AlertId(17), "Acme Corp", proposed=AT.date()),
        "absurd": snooze.render_snooze(AlertId(17), EVIL, proposed=AT.date()),
    },
    "snoozed.render_snoozed": {
        "0": snoozed.render_snoozed(standing(), 0, "until 4 Mar", rubric=RUBRIC),
        "1": snoozed.render_snoozed(standing(), 1, "until 4 Mar", rubric=RUBRIC),
        "absurd": snoozed.render_snoozed(standing(WHO), MOST, "until 4 Mar", rubric=RUBRIC),
    },
    "snoozed.render_woken": {
        "0": snoozed.render_woken(standing(), 0, rubric=RUBRIC),
        "1": snoozed.render_woken(standing(), 1, rubric=RUBRIC),
        "absurd": snoozed.render_woken(standing(WHO), MOST, rubric=RUBRIC),
    },
    "sources.render_sources": {
        "0": sources.render_sources([]),
        "1": sources.render_sources([source()]),
        "absurd": sources.render_sources([source(EVIL, problem=EVIL)] * MOST),
    },
    "task_modal.render_task": {
        "1": task_modal.render_task(AlertId(17), "Acme", owner="U0DANA", proposed=AT.date()),
        "absurd": task_modal.render_task(AlertId(17), EVIL, owner="U0DANA", proposed=AT.date()),
    },
    "tasks.render_tasks": {
        "0": tasks.render_tasks(tasks_page()),
        "1": tasks.render_tasks(tasks_page(task_item())),
        "many": tasks.render_tasks(tasks_page(*map(task_item, range(1, 9)), total=25)),
        "absurd": tasks.render_tasks(
            tasks_page(*(task_item(n, account=WHO, title=EVIL, note=EVIL) for n in range(1, MOST)))
        ),
    },
    "tasks.render_given": {
        "1": tasks.render_given(task_item(), by="U0DANA", at=AT),
        "absurd": tasks.render_given(
            task_item(account=WHO, title=EVIL, note=EVIL * 9), by=EVIL, at=AT
        ),
    },
    "unfurl.render_unfurl": {"1": preview(), "absurd": preview(account=WHO, csm=EVIL)},
}
