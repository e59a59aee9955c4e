"""The weekly review: what the last seven days did to one book of business, and to everybody's."""

from datetime import timedelta

import pytest
from service_world import DANA, ERIN, NOON, company, subscription

from bot.blocks.kit import as_text
from bot.commands import registry
from bot.services import reviewing
from bot.services.acting import Press, acknowledge
from bot.services.errors import UserError
from scoring.rubric import Status
from scoring.rules import Rule


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


DAY = timedelta(days=1)


@pytest.fixture
def week(world):
    """A week ago all were Stable. Since, Dana's Acme fell to Critical, her Globex to At-risk; Erin's Initech rose."""
    owners = {"acme": DANA, "globex": DANA, "initech": ERIN}
    world.put("stripe", *(company(key, csm=csm.email) for key, csm in owners.items()))
    world.put("stripe", *(subscription(f"cus_{key}") for key in owners))
    world.look(**dict.fromkeys(owners, "neutral"))
    world.clock.at += 6 * DAY
    for _ in range(2):
        world.look(acme="escalated", globex="negative", initech="positive")
    world.clock.at = NOON + 7 * DAY + timedelta(hours=2)
    return world


def review(world, member=None):
    with world.deps.db.read() as session:
        return reviewing.review(session, member, config=world.deps.config, at=world.clock.at)


def names(rows):
    return [row.account.name for row in rows]


def test_the_movers_are_those_of_seven_days_with_the_reason(week):
    moved = review(week).moved
    assert (names(moved.down), names(moved.up)) == (["Acme", "Globex"], ["Initech"])
    assert (moved.downs, moved.ups, moved.of) == (2, 1, 3)
    assert [row.change_7d for row in moved.down] == [-40.0, -15.0]
    assert moved.down[0].reason.startswith("Down mostly on support")


def test_mine_is_what_the_asker_owns(week):
    mine = review(week, ERIN)
    assert mine.is_mine
    assert names(mine.moved.up) == ["Initech"]
    assert mine.moved.of == 1
    assert mine.critical == []
    assert mine.alerts.opened == {Rule.EXPANSION: 1}


def test_the_counts_have_the_change_against_seven_days_ago(week):
    told = review(week)
    assert {status: tally.accounts for status, tally in told.counts.items()} == {
        Status.CRITICAL: 1,
        Status.AT_RISK: 1,
        Status.HEALTHY: 1,
    }
    assert told.week_ago == {Status.STABLE: 3}


def test_at_risk_has_the_weekly_watch_list_first(week):
    (globex,) = review(week).at_risk
    assert globex.watch == "weekly_review"


def test_the_alerts_of_the_week_are_counted_and_so_is_what_people_did(week):
    alert = week.alerts("acme")["critical"]
    acknowledge(week.deps, Press(alert_id=alert.id, member=DANA.id, key="1", at=week.clock.at))
    assert review(week).alerts.recovered == 0
    for _ in range(2):
        week.look(globex="neutral")
    told = review(week).alerts
    assert told.opened[Rule.CRITICAL] == told.opened[Rule.AT_RISK] == 1
    over = {each.rule for each in week.every_alert() if each.announced and each.closed_at}
    assert over == {Rule.AT_RISK, Rule.SHARP_DROP}
    assert (told.recovered, told.acknowledged) == (2, 1)
    assert (told.good, told.judged) == (0, 0)


def test_what_is_to_do_is_due_by_this_day_next_week(week):
    mine = review(week, DANA)
    assert [task.title for task, _ in mine.tasks] == ["Urgent outreach"]
    assert mine.due == 1
    erins = review(week, ERIN)
    assert [task.title for task, _ in erins.tasks] == ["Schedule a review call"]


def test_in_the_first_week_nothing_is_compared(world):
    world.begin(acme="negative")
    told = review(world)
    assert told.week_ago is None
    assert told.moved.of == 0
    assert "can be compared" in as_text(registry.answer(world.deps, DANA, "review"))


def test_without_accounts_there_is_nothing_to_review(world):
    assert "no accounts" in registry.answer(world.deps, DANA, "review team").text


@pytest.mark.parametrize(
    ("text", "title", "again"),
    [
        ("review", "Your week", "review mine"),
        ("review weekly", "Your week", "review mine"),
        ("Review mine", "Your week", "review mine"),
        ("review team", "The week", "review team"),
        ("review weekly all", "The week", "review team"),
    ],
)
def test_whose_week_is_asked_for(week, text, title, again):
    message = registry.answer(week.deps, DANA, text)
    assert message.text.startswith(f"{title} to ")
    assert message.again == again
    assert message.chart is not None


def test_a_month_is_refused_with_what_there_is_instead(week):
    with pytest.raises(UserError, match=r"no monthly review yet.*/health review"):
        registry.answer(week.deps, DANA, "review monthly")
