"""Lists: whose accounts, what to do next about each, and who is ready to expand."""

from datetime import timedelta

import pytest
from service_world import DANA, ERIN, HOUR, RUBRIC, World, company, config_of, subscription

from bot.commands import expansion, registry, statuses
from bot.services import listing, tasking
from scoring.alerts import Change, Decision
from scoring.playbooks import TaskId
from scoring.rubric import Status
from scoring.rules import Rule
from storage import alerts


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


PLANS = {**RUBRIC, "plans": ["Growth", "Scale"]}
DAY = timedelta(days=1)


@pytest.fixture
def world(db, tmp_path):
    """Dana's Acme is Critical and her Globex At-risk; Erin's Initech and Hooli are Healthy, and so is nobody's Umbrella."""
    made = World(
        db, tmp_path, config=config_of(tmp_path, rubric=PLANS, alerts={"hours": {"always": True}})
    )
    owners = {"acme": DANA, "globex": DANA, "initech": ERIN, "hooli": ERIN, "umbrella": None}
    made.put(
        "stripe",
        *(company(key, csm=csm and csm.email) for key, csm in owners.items()),
        *(subscription(f"cus_{key}") for key in owners if key != "hooli"),
        subscription("cus_hooli", plan="Scale"),
    )
    before = dict.fromkeys(owners, "neutral")
    made.look(**before)
    now = {"acme": "escalated", "globex": "negative"}
    for _ in range(2):
        made.look(**now, **dict.fromkeys(("initech", "hooli", "umbrella"), "positive"))
    return made


def page(world, status, *, member=DANA, scope="team", **more):
    with world.deps.db.read() as session:
        return listing.page(
            session,
            member,
            status,
            **{"scope": scope, "offset": 0, **more},
            config=world.deps.config,
            at=world.clock.at,
        )


def answer(world, text, member=DANA):
    return registry.answer(world.deps, member, text)


def names(listed):
    return [row.account.name for row in listed.rows]


def test_an_account_that_slips_says_its_first_task_else_what_the_playbook_proposes(world):
    (acme,) = page(world, Status.CRITICAL).rows
    assert acme.task.title == "Urgent outreach"
    (globex,) = page(world, Status.AT_RISK).rows
    assert globex.task is None
    assert globex.next_step == world.deps.config.playbooks[Rule.AT_RISK].next_step


def test_a_task_that_is_done_makes_room_for_the_playbook(world):
    (acme,) = page(world, Status.CRITICAL).rows
    tasking.finish(world.deps, TaskId(acme.task.id), member=DANA.id, at=world.clock.at)
    (acme,) = page(world, Status.CRITICAL).rows
    assert acme.task is None
    assert acme.next_step == world.deps.config.playbooks[Rule.CRITICAL].next_step


def test_of_accounts_that_are_well_a_list_by_status_proposes_nothing(world):
    assert {(row.task, row.next_step) for row in page(world, Status.HEALTHY).rows} == {(None, "")}


def test_ready_to_expand_tells_plan_reason_and_what_to_do(world):
    found = page(world, None)
    assert sorted(names(found)) == ["Hooli", "Initech", "Umbrella"]
    assert found.total == 3
    by_name = {row.account.name: row for row in found.rows}
    assert by_name["Initech"].plan == "Growth → Scale"
    assert by_name["Hooli"].plan == "Scale plan"
    assert by_name["Initech"].reason == "Healthy for 1 day"
    assert by_name["Initech"].task.title == "Schedule a review call"


def test_what_moved_an_account_stands_beside_how_long_it_is_well(world):
    world.clock.at += DAY
    world.look(initech="neutral")  # one look ends nothing
    world.clock.at += 7 * DAY
    world.look(after=HOUR * 0, initech="positive")
    (initech,) = (row for row in page(world, None).rows if row.account.name == "Initech")
    assert initech.reason.startswith("Healthy for 1 day, up mostly on support: ")


def test_a_flag_of_opportunity_says_its_evidence_and_leads_the_playbook(world):
    account = world.account("hooli")
    flag = Decision(
        account_id=account.id,
        rule=Rule.GROWING,
        change=Change.OPENED,
        episode=1,
        quiet=None,
        evidence="17 people, 7 before",
    )
    with world.deps.db.write() as session:
        alerts.open_episode(session, flag, value=100.0, before=None, at=world.clock.at)
    first = page(world, None).rows[0]
    assert (first.account.name, first.reason) == ("Hooli", "Growing: 17 people, 7 before")


@pytest.mark.parametrize(
    ("text", "member", "expected"),
    [
        ("expansion", DANA, {"Hooli", "Initech", "Umbrella"}),
        ("expansion team", DANA, {"Hooli", "Initech", "Umbrella"}),
        ("Expansion ALL", DANA, {"Hooli", "Initech", "Umbrella"}),
        ("expansion mine", ERIN, {"Hooli", "Initech"}),
        ("healthy mine", ERIN, {"Hooli", "Initech"}),
        ("healthy team", ERIN, {"Hooli", "Initech", "Umbrella"}),
        ("at risk all", ERIN, {"Globex"}),
    ],
)
def test_a_list_is_of_whom_it_was_asked_for(world, text, member, expected):
    told = str(answer(world, text, member).blocks)
    every = ("Acme", "Globex", "Hooli", "Initech", "Umbrella")
    assert {each for each in every if f"*{each}*" in told} == expected


@pytest.mark.parametrize("text", ["expansion", "expansion mine", "critical mine", "stable"])
def test_a_list_may_be_shared_and_is_then_asked_for_as_it_was(world, text):
    assert answer(world, text).again == text


def test_nobody_is_ready_to_expand_says_when_somebody_is(world):
    told = answer(world, "expansion mine")
    assert "No account of yours is ready to expand now" in str(told.blocks)
    assert "/health expansion team" in str(told.blocks)


@pytest.mark.parametrize(
    "text", ["expansion partners", "critical mass", "review board", "healthy mine now"]
)
def test_more_words_are_a_name(world, text):
    assert not answer(world, text).again


def test_pages_of_those_ready_to_expand_neither_overlap_nor_leave_out(world):
    keys = [f"big{number:02}" for number in range(12)]
    world.put("stripe", *(company(each, csm=None) for each in keys))
    world.put("stripe", *(subscription(f"cus_{each}") for each in keys))
    moods = dict.fromkeys(("initech", "hooli", "umbrella", *keys), "positive")
    world.look(**moods)
    pages = [page(world, None, offset=offset) for offset in (0, 10)]
    listed = [name for each in pages for name in names(each)]
    assert len(listed) == len(set(listed)) == pages[0].total == 15


def test_the_scope_that_is_read_is_mine_or_the_team():
    assert statuses.scope_of([]) == statuses.scope_of(["all"]) == "team"
    assert expansion.reads(["Expansion", "MINE"]) == ["mine"]
    assert expansion.reads(["expansion", "partners"]) is None


def test_at_a_glance_says_what_to_do_first(world):
    assert "Urgent outreach" in str(answer(world, "").blocks)
