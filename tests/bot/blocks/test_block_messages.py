"""Every message at every size: its picture, Slack's limits by our validator and by Slack's own models."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from block_samples import (
    ACME,
    ALERT,
    AT,
    CLOSED,
    COUNTS,
    EMPTY,
    HANDLED,
    NAMES,
    NOTHING,
    PARTIAL,
    POLICY,
    RUBRIC,
    SCORE,
    SOURCES,
    THIN,
    WEEK_AGO,
    absurd_card,
    alert_view,
    full_card,
    link,
    named,
    overview,
    page,
    pending,
    queue,
    row,
    source,
    survey,
)
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.account_view import AccountView
from bot.blocks.alert import render_alert, render_recovery_reply, render_still_critical
from bot.blocks.card import render_card
from bot.blocks.found import (
    render_choices,
    render_denied,
    render_error,
    render_not_found,
    render_unknown_command,
)
from bot.blocks.help import render_help
from bot.blocks.limits import problems
from bot.blocks.lists import render_list, render_overview
from bot.blocks.matches import render_links, render_queue, render_said
from bot.blocks.notices import (
    render_baseline,
    render_doubles,
    render_source_back,
    render_source_down,
)
from bot.blocks.outreach import render_outreach
from bot.blocks.sources import render_sources
from scoring.alerts import AlertId, Rule
from scoring.identity import MatchedBy
from scoring.records import Kind, SurveyKind
from scoring.rubric import Status


def card(view):
    return render_card(view, rubric=RUBRIC)


def bare(**changes):
    return card(AccountView(**{"account": ACME, "score": None, "sources": {}, "at": AT, **changes}))


def alert(alert=ALERT, account=ACME, **changes):
    return render_alert(alert_view(alert, account, **changes), rubric=RUBRIC, policy=POLICY)


AT_RISK = replace(ALERT, rule=Rule.AT_RISK, value=59.6, before=66.0)
EXPANSION = replace(ALERT, rule=Rule.EXPANSION, value=83.0, before=72.0)
BETTER = replace(SCORE, value=66.0, status=Status.STABLE)
LEFT = replace(ACME, churned_on=date(2026, 3, 4))

MESSAGES = {
    "card never scored": bare(),
    "card of one score": bare(score=SCORE),
    "card in full": card(full_card()),
    "card with a gap": card(replace(full_card(), score=PARTIAL)),
    "card with little known": bare(score=THIN),
    "card with nothing known": bare(score=EMPTY, sources=SOURCES),
    "card with surveys and a family": card(
        replace(
            full_card(),
            surveys=[
                survey(SurveyKind.NPS, 4, has_comment=True),
                survey(SurveyKind.CSAT, 4.5),
            ],
            parent=named("Globex <Holding>"),
            children=[named(f"Acme {n}") for n in range(8)],
        )
    ),
    "card of an account that left": card(replace(full_card(LEFT), score=SCORE)),
    "alert critical": alert(),
    "alert at-risk": alert(AT_RISK, score=replace(SCORE, value=58.0), csm_mention=None),
    "alert expansion": alert(EXPANSION, score=replace(SCORE, value=83.0, status=Status.HEALTHY)),
    "alert without a past": alert(replace(ALERT, before=None), week_ago=None),
    "alert where nothing moved": alert(
        week_ago=replace(WEEK_AGO, shares={p.component: p.share for p in SCORE.parts})
    ),
    "alert with a component lost": alert(score=PARTIAL),
    "alert acknowledged": alert(replace(ALERT, acknowledged_by="U0DANA", acknowledged_at=AT)),
    "alert handled": alert(HANDLED),
    "alert resolved": alert(CLOSED, score=BETTER),
    "alert expansion over": alert(
        replace(EXPANSION, closed_at=AT + timedelta(hours=5)), score=BETTER
    ),
    "alert of an account that left": alert(CLOSED, LEFT),
    "recovery": render_recovery_reply(alert_view(CLOSED, score=BETTER), rubric=RUBRIC),
    "still critical": render_still_critical(
        alert_view(score=replace(SCORE, value=33.0)), day=3, rubric=RUBRIC
    ),
    "list empty": render_list(page(0), rubric=RUBRIC),
    "list of mine empty": render_list(page(0, scope="mine"), rubric=RUBRIC),
    "list past its end": render_list(page(0, offset=20), rubric=RUBRIC),
    "list of one": render_list(page(1), rubric=RUBRIC),
    "list in the middle": render_list(page(10, total=5000, offset=20), rubric=RUBRIC),
    "list far too long": render_list(page(5000, total=5000, name=NAMES["long"]), rubric=RUBRIC),
    "overview empty": render_overview(NOTHING, rubric=RUBRIC),
    "overview of all empty": render_overview(replace(NOTHING, is_mine=False), rubric=RUBRIC),
    "overview of one": render_overview(overview(rows=1), rubric=RUBRIC),
    "overview": render_overview(overview(), rubric=RUBRIC),
    "overview far too long": render_overview(
        overview(rows=200, is_mine=False, name=NAMES["long"]), rubric=RUBRIC
    ),
    "baseline": render_baseline(COUNTS, [row(1), row(2)], rubric=RUBRIC),
    "baseline of nothing": render_baseline({}, [], rubric=RUBRIC),
    "doubles of one": render_doubles("Stripe", [NAMES["mention"]]),
    "doubles of many": render_doubles("Stripe", [NAMES["long"]] * 5000),
    "source down": render_source_down("Mixpanel", problem="401: <bad> credentials", since=AT),
    "source never up": render_source_down("Mixpanel", problem="no route " * 100, since=None),
    "source back": render_source_back("Mixpanel", since=AT - timedelta(hours=9)),
    "matches none": render_queue(queue(quiet=1204)),
    "matches one": render_queue(
        queue(pending(candidates=[("Acme Corp", "its name is alike (92%)")]))
    ),
    "matches of nothing alike": render_queue(queue(pending(name="")), done="Ignored."),
    "matches in conflict": render_queue(
        queue(
            pending(
                candidates=[
                    ("Acme Corp", "has the domain acme.example too"),
                    ("Acme Labs", "so has it"),
                ],
                is_conflict=True,
            )
        )
    ),
    "matches of the system of record": render_queue(
        queue(
            pending(candidates=[("Acme Corp", "has the domain acme.example too")], is_record=True)
        )
    ),
    "matches many": render_queue(
        queue(*(pending(n) for n in range(1, 6)), total=5000, offset=20, quiet=1)
    ),
    "links": render_links(
        ACME,
        [
            (link("stripe", MatchedBy.RECORD), "Stripe"),
            (link(), "Zendesk"),
            (link("hubspot", MatchedBy.PERSON, linked_by="U0DANA", name=""), "HubSpot"),
        ],
        AT,
    ),
    "links none": render_links(ACME, [], AT),
    "links many": render_links(ACME, [(link(), "Zendesk")] * 5000, AT),
    "said": render_said("acme.io is a domain of Acme Corp now. It joined 2 that waited."),
    "sources": render_sources(
        [
            source(),
            source("Stripe", is_record=True, tells=(Kind.BILLING,), waiting=2, rejected=1),
            source("Mixpanel", failing_since=AT - timedelta(hours=9), problem="401: <bad> key"),
            source("HubSpot", is_stale=True, every=timedelta(days=1)),
            source("Intercom", is_stale=True, last_ok_at=None, records=0),
        ]
    ),
    "sources all well": render_sources([source()]),
    "sources far too many": render_sources([source(NAMES["long"])] * 200),
    "choices of two": render_choices("acm", [ACME, replace(LEFT, name="Acme Labs")]),
    "choices of many": render_choices("acm", [ACME] * 5000),
    "not found at all": render_not_found(NAMES["mention"], []),
    "not found": render_not_found("akme", [ACME]),
    "unknown command": render_unknown_command("halp", "help"),
    "unknown word": render_unknown_command(NAMES["override"], None),
    "denied": render_denied(),
    "error": render_error("3f2a9c"),
    "help": render_help(
        [("/health", "your accounts at a glance"), ("/health acme", "one account")]
    ),
    "help of nothing": render_help([]),
    **{f"card named {each}": card(absurd_card(name)) for each, name in NAMES.items()},
    **{
        f"alert named {each}": alert(HANDLED, named(name), csm_mention=name)
        for each, name in NAMES.items()
    },
    **{
        f"list named {each}": render_list(page(2, name=name), rubric=RUBRIC)
        for each, name in NAMES.items()
    },
    **{
        f"matches named {each}": render_queue(
            queue(pending(name=name, candidates=[(name, "its name is alike (99%)")]))
        )
        for each, name in NAMES.items()
    },
    **{
        f"choices named {each}": render_choices(name, [named(name)]) for each, name in NAMES.items()
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
    assert "*" not in message.text


def test_it_survives_the_wire(title):
    message = MESSAGES[title]
    (message.text + str(message.blocks)).encode("utf-8")  # half a character would raise


def test_the_outreach_form_is_one_slack_takes(snapshot):
    for name in ("Acme Corp", *NAMES.values()):
        view = render_outreach(AlertId(17), name)
        assert problems(view["blocks"], "modal") == []
        View(**view).validate_json()
    assert render_outreach(AlertId(17), "Acme Corp") == snapshot(
        extension_class=JSONSnapshotExtension
    )
