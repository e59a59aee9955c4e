"""Homes: what each member sees, published when it changed and only then, and by nobody's leave but their rights."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from service_world import DANA, ERIN, GUEST, company, subscription

from bot.services import homing, tasking
from bot.services.homing import HomeChangedError, HomeRefusedError, HomesClosedError
from scoring.rubric import Status
from storage import homes, members


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


FIVE_MINUTES, DAY = timedelta(minutes=5), timedelta(days=1)


@dataclass
class Tabs:
    """Homes as Slack keeps them: the last view published for each member, and a hash that changes with it."""

    shown: dict = field(default_factory=dict)
    published: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    meanwhile: list = field(default_factory=list)

    def publish(self, member_id, view, *, view_hash=""):
        for happens in [self.meanwhile.pop(0)] if self.meanwhile else []:
            happens()
        if member_id in self.errors:
            raise self.errors[member_id]
        if view_hash and view_hash != self.hash_of(member_id):
            raise HomeChangedError
        self.shown[member_id] = view
        self.published.append(member_id)

    def hash_of(self, member_id):
        return str(self.published.count(member_id))

    def words(self, member_id):
        return json.dumps(self.shown[member_id], ensure_ascii=False)


@pytest.fixture
def tabs():
    return Tabs()


@pytest.fixture
def world(world, tabs):
    """Dana's Acme is Critical, Erin's Initech Healthy, and Dana and Erin have opened their Home."""
    world.deps = replace(world.deps, homes=tabs)
    world.put("stripe", company("acme"), company("initech", csm=ERIN.email))
    world.put("stripe", *(subscription(f"cus_{key}") for key in ("acme", "initech")))
    world.look(acme="neutral", initech="neutral")
    for _ in range(2):
        world.look(acme="escalated", initech="positive")
    return world


@pytest.fixture
def opened(world, tabs):
    for member in (DANA, ERIN):
        homing.opened(world.deps, member)
    tabs.published.clear()
    return world


def later(world, by=FIVE_MINUTES):
    world.clock.at += by
    return homing.refresh(world.deps)


def change(world, member):
    """A member as Slack describes them from now on."""
    world.people.known[member.id] = member
    with world.deps.db.write() as session:
        members.upsert(session, [member], at=world.clock.at)


def test_a_home_begins_with_ones_own_accounts_or_without_any_with_the_teams(world, tabs):
    homing.opened(world.deps, DANA)
    assert "your accounts" in tabs.words(DANA.id)
    assert "*Acme*" in tabs.words(DANA.id)
    assert "*Initech*" not in tabs.words(DANA.id)
    newcomer = replace(DANA, id="U0NEW", email="new@us.example")
    change(world, newcomer)
    homing.opened(world.deps, newcomer)
    assert "the team" in tabs.words("U0NEW")
    assert "*Initech*" in tabs.words("U0NEW")


def test_what_is_chosen_on_it_stays_chosen(opened, tabs):
    homing.choose(opened.deps, DANA, "team")
    homing.publish(opened.deps, DANA)
    homing.opened(opened.deps, DANA)
    assert "*Initech*" in tabs.words(DANA.id)


def test_it_has_the_number_the_way_the_reason_and_the_next_step(opened, tabs):
    told = tabs.words(DANA.id)
    for said in (
        "*1* Critical · 100% · MRR $100",
        "*30* Critical",
        "Held back most by support",
        "Urgent outreach",
    ):
        assert said in told


def test_nothing_is_published_where_nothing_changed(opened, tabs):
    assert later(opened) == 0
    assert later(opened) == 0
    assert tabs.published == []


def test_what_changed_is_published_to_whom_it_changed_for(opened, tabs):
    opened.look(acme="neutral", initech="positive")
    homing.refresh(opened.deps)
    assert tabs.published == [DANA.id]
    assert later(opened) == 0


def test_a_new_day_is_a_change_where_something_is_due(opened, tabs):
    assert later(opened, DAY) == 2
    assert "overdue" in tabs.words(DANA.id)


def test_a_task_that_is_done_is_gone_at_once(opened, tabs):
    (task,) = (each for each in opened.tasks() if each.title == "Urgent outreach")
    tasking.finish(opened.deps, task.id, member=DANA.id, at=opened.clock.at)
    homing.publish(opened.deps, DANA)
    assert "nothing is left to be done by you" in tabs.words(DANA.id)
    assert later(opened) == 0


def test_a_home_nobody_opened_for_a_week_is_left_alone(opened, tabs):
    opened.clock.at += 6 * DAY
    homing.opened(opened.deps, ERIN)
    tabs.published.clear()
    later(opened, DAY + FIVE_MINUTES)
    assert tabs.published == [ERIN.id]


def test_somebody_who_became_a_guest_sees_one_polite_line_and_no_account(opened, tabs):
    change(opened, replace(DANA, is_guest=True))
    assert later(opened) == 1
    told = tabs.words(DANA.id)
    assert "full members of this workspace only" in told
    assert "Acme" not in told
    assert later(opened) == 0


def test_whoever_turns_out_to_be_a_guest_just_before_it_is_published_sees_nothing(opened, tabs):
    """The list of members is some hours old; who somebody is, is asked before anything is shown."""
    opened.people.known[DANA.id] = replace(DANA, is_guest=True)
    opened.clock.at += timedelta(hours=1)
    opened.look(acme="neutral", initech="positive")
    homing.refresh(opened.deps)
    assert "Acme" not in tabs.words(DANA.id)


def test_a_guest_who_became_a_member_gets_their_accounts_back(opened, tabs):
    change(opened, replace(DANA, is_guest=True))
    later(opened)
    change(opened, DANA)
    assert later(opened) == 1
    assert "*Acme*" in tabs.words(DANA.id)


def test_amounts_are_shown_to_who_may_see_them(world, tabs):
    access = replace(world.deps.config.access, money=frozenset({ERIN.email}))
    world.reconfigure(access=access)
    for member in (DANA, ERIN):
        homing.opened(world.deps, member)
        homing.choose(world.deps, member, "team")
        homing.publish(world.deps, member)
    assert "$" not in tabs.words(DANA.id)
    assert "MRR $100" in tabs.words(ERIN.id)


def test_where_slack_takes_nothing_the_next_run_does_it(opened, tabs):
    opened.look(acme="neutral", initech="neutral")
    tabs.errors = dict.fromkeys((DANA.id, ERIN.id), HomesClosedError("ratelimited"))
    assert homing.refresh(opened.deps) == 0
    tabs.errors.clear()
    assert later(opened) == 2


def test_a_limit_ends_the_run_and_who_was_not_reached_is_first_in_the_next(opened, tabs):
    opened.look(acme="neutral", initech="neutral")
    first, second = (each.member for each in _due(opened))
    tabs.errors = {second: HomesClosedError("ratelimited")}
    assert homing.refresh(opened.deps) == 1
    tabs.errors.clear()
    assert [each.member for each in _due(opened)] == [second, first]
    assert later(opened) == 1


def test_a_home_that_slack_refuses_keeps_nobody_else_from_theirs(opened, tabs):
    opened.look(acme="neutral", initech="neutral")
    first, second = (each.member for each in _due(opened))
    tabs.errors = {first: HomeRefusedError("user_not_found")}
    assert homing.refresh(opened.deps) == 1
    assert tabs.published == [second]


def test_a_press_on_a_home_that_was_replaced_meanwhile_is_drawn_anew(opened, tabs):
    old = tabs.hash_of(DANA.id)
    homing.publish(opened.deps, DANA)
    homing.choose(opened.deps, DANA, "team")
    homing.publish(opened.deps, DANA, view_hash=old)
    assert "*Initech*" in tabs.words(DANA.id)


def test_a_run_leaves_a_home_alone_that_was_pressed_while_it_was_at_it(opened, tabs):
    opened.look(acme="neutral", initech="positive")
    real = opened.people.person

    def press_first(member_id):
        homing.choose(opened.deps, DANA, "team")
        return real(member_id)

    opened.clock.at += timedelta(hours=1)  # who Dana is has to be asked
    opened.people.person = press_first
    homing.refresh(opened.deps)
    opened.people.person = real
    assert DANA.id not in tabs.published
    assert later(opened) == 1
    assert "*Initech*" in tabs.words(DANA.id)


def test_the_teams_numbers_are_worked_out_once_for_everybody(opened):
    for member in (DANA, ERIN):
        homing.choose(opened.deps, member, "team")
    shelf = homing.Shelf(opened.deps, opened.clock.at)
    with opened.deps.db.read() as session:
        assert shelf.book(session, None) is shelf.book(session, None)
        assert shelf.book(session, None).count(Status.HEALTHY) == 1
        assert shelf.freshness(session) is shelf.freshness(session)


@pytest.mark.parametrize("typed", ["a", "AC", "acme"])
def test_letters_offer_accounts_with_their_standing(world, typed):
    (option,) = homing.suggest(world.deps, typed)
    assert option["text"]["text"] == "Acme · 30 Critical"
    assert option["value"] == str(world.account("acme").id)


def test_letters_that_mean_nothing_offer_nothing(world):
    assert homing.suggest(world.deps, "zzzzqq") == []


def test_a_guest_has_no_home_to_open(world, tabs):
    with world.deps.db.read() as session:
        assert homes.get(session, GUEST.id) is None


def _due(world):
    with world.deps.db.read() as session:
        return homes.opened_since(session, world.clock.at - 7 * DAY)
