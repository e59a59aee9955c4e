"""Home, through Slack's own wire and back: opened, switched, pressed; and the job that keeps it up to date."""

import json
from dataclasses import replace

import pytest
from books import Entry, keep, slide
from slack_bolt import BoltRequest
from structlog.testing import capture_logs
from worlds import own_program, pass_time, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting, homing
from storage import accounts, audit, homes, members, tasks

DENIED = "I show accounts to full members of this workspace only"
MAYA = "U0CSM1"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module: Maya owns a Critical and a Healthy account, and there are 23 At-risk ones of nobody's."""
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        keep(running.deps, [Entry("Sinking Ships", 12.0, MAYA), Entry("Acme Corp", 90.0, MAYA)])
        keep(running.deps, [Entry(f"Slipping {n:02}", 41.0 + n / 2) for n in range(23)])
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    with program.deps.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM home")
        connection.exec_driver_sql("DELETE FROM task")
    return program.deps


def home_of(sandbox, user):
    return sandbox.get("/sandbox/transcript")["homes"].get(user)


def open_home(sandbox, user=MAYA):
    """Open Home, and wait until it was published anew."""
    before = (home_of(sandbox, user) or {}).get("hash")
    assert sandbox.do("home", user=user) == {"ok": True}
    return wait_for(lambda: newer(sandbox, user, before))


def newer(sandbox, user, than):
    found = home_of(sandbox, user)
    return found if found and found["hash"] != than else None


def press(sandbox, view, action_id, *, user=MAYA, **more):
    return sandbox.do("click", user=user, view_id=view["id"], action_id=action_id, **more)


def press_home(sandbox, view, action_id, *, user=MAYA, **more):
    """Press something that changes the Home, and wait for what it changed to."""
    assert press(sandbox, view, action_id, user=user, **more) == {"ok": True}
    return wait_for(lambda: newer(sandbox, user, view["hash"]))


def modal_of(sandbox, user=MAYA, *, other_than=None):
    def shown():
        view = sandbox.modal(user)
        return view if view and view["id"] != other_than else None

    return wait_for(shown)


def close_all(sandbox, view, user=MAYA):
    sandbox.do("close", user=user, view_id=view["id"], all=True)


def told(view):
    return json.dumps(view["blocks"], ensure_ascii=False)


def block_of(view, name):
    return next(each["block_id"] for each in view["blocks"] if f"*{name}*" in str(each))


def refresh(deps):
    return homing.refresh(deps)


def published(sandbox):
    return sandbox.calls("views.publish")


def test_who_opens_home_sees_their_own_accounts(sandbox, deps):
    view = open_home(sandbox)
    assert "*1* of 2 accounts At-risk or Critical" in told(view)
    assert "*Sinking Ships*" in told(view)
    assert "Slipping" not in told(view)


def test_who_owns_none_sees_the_teams(sandbox, deps):
    view = open_home(sandbox, "U0HEAD")
    assert "*24* of 25 accounts" in told(view)
    assert "… and 17 more" in told(view)


@pytest.mark.parametrize("user", ["U0GUEST", "U0STRANGER"])
def test_a_guest_or_a_stranger_gets_one_polite_line_and_it_is_written_down(sandbox, deps, user):
    view = open_home(sandbox, user)
    assert DENIED in told(view)
    assert len(view["blocks"]) == 1
    with deps.db.read() as session:
        entry = audit.recent(session, limit=1)[0]
        assert homes.get(session, user) is None
    assert (entry.member, entry.what, entry.allowed) == (user, "app_home_opened", False)


def test_the_switch_shows_the_team_and_back_and_is_remembered(sandbox, deps):
    view = open_home(sandbox)
    view = press_home(sandbox, view, "home.scope.team")
    assert "*24* of 25 accounts" in told(view)
    assert "✓ Team" in told(view)
    assert "*24* of 25 accounts" in told(open_home(sandbox))
    view = press_home(sandbox, home_of(sandbox, MAYA), "home.scope.mine")
    assert "✓ My accounts" in told(view)


def test_a_task_is_done_on_home_in_place_and_once(sandbox, deps):
    account = keep_task(deps, "Call them")
    view = open_home(sandbox)
    assert "Call them" in told(view)
    sandbox.break_("duplicate_delivery")
    view = press_home(sandbox, view, actions.HOME_TASK_DONE)
    assert "nothing is left to be done by you" in told(view)
    with deps.db.read() as session:
        assert tasks.open_tasks(session, account_id=account) == []


def keep_task(deps, title):
    with deps.db.write() as session:
        maya = members.by_id(session, MAYA)
        account = accounts.owned_by(session, maya.email)[0]
        day = deps.clock.now().date()
        tasks.add(session, key=title, account_id=account, title=title, due_on=day, assigned_to=MAYA)
    return account


def test_letters_offer_accounts_and_picking_one_opens_its_card(sandbox, deps):
    view = open_home(sandbox)
    offered = sandbox.do(
        "suggest", user=MAYA, view_id=view["id"], action_id=actions.HOME_LOOK_UP, value="s"
    )["options"]
    assert offered[0]["text"]["text"] == "Sinking Ships · 12 Critical"
    assert len(offered) == 20
    press_home(sandbox, view, actions.HOME_LOOK_UP, selected_option=offered[0]["value"])
    modal = modal_of(sandbox)
    assert "*12* of 100" in told(modal)
    close_all(sandbox, modal)


def test_what_was_picked_can_be_picked_again(sandbox, deps):
    view = open_home(sandbox)
    facts = {"user": MAYA, "action_id": actions.HOME_LOOK_UP, "value": "sink"}
    for _ in range(2):
        pass_time(deps, seconds=1)
        (option,) = sandbox.do("suggest", view_id=view["id"], **facts)["options"]
        old = view["blocks"][1]["block_id"]
        view = press_home(sandbox, view, actions.HOME_LOOK_UP, selected_option=option["value"])
        assert view["blocks"][1]["block_id"] != old
        close_all(sandbox, modal_of(sandbox))


def test_view_beside_an_account_opens_its_card_over_home(sandbox, deps):
    view = open_home(sandbox)
    press(sandbox, view, actions.HOME_ACCOUNT, block_id=block_of(view, "Sinking Ships"))
    modal = modal_of(sandbox)
    assert "*12* of 100" in told(modal)
    close_all(sandbox, modal)


def test_a_list_opens_over_home_turns_its_pages_there_and_opens_a_card_on_top(sandbox, deps):
    view = press_home(sandbox, open_home(sandbox), "home.scope.team")
    press(sandbox, view, "home.list.at_risk", block_id=view["blocks"][3]["block_id"])
    first = modal_of(sandbox)
    assert "At-risk accounts: 23" in told(first)
    assert "*Slipping 00*" in told(first)
    press(sandbox, first, actions.HOME_NEXT)
    second = wait_for(lambda: "*Slipping 10*" in told(sandbox.modal(MAYA)) and sandbox.modal(MAYA))
    assert second["id"] == first["id"]
    press(sandbox, second, actions.HOME_ACCOUNT, block_id=block_of(second, "Slipping 10"))
    card = modal_of(sandbox, other_than=second["id"])
    assert "*46* of 100" in told(card)
    close_all(sandbox, card)


def test_the_list_of_those_ready_to_expand_opens_over_home_too(sandbox, deps):
    view = open_home(sandbox)
    press(sandbox, view, "home.list.expansion", block_id=view["blocks"][3]["block_id"])
    modal = modal_of(sandbox)
    assert "No account of yours is ready to expand now" in told(modal)
    close_all(sandbox, modal)


def test_a_press_by_somebody_who_became_a_guest_shows_nothing(sandbox, deps):
    view = open_home(sandbox)
    maya = admitting.who_is(deps, MAYA)
    with deps.db.write() as session:
        members.upsert(session, [replace(maya, is_guest=True)], at=deps.clock.now())
    press(sandbox, view, actions.HOME_ACCOUNT, block_id=block_of(view, "Sinking Ships"))
    modal = modal_of(sandbox)
    assert DENIED in told(modal)
    close_all(sandbox, modal)
    assert refresh(deps) == 1
    assert DENIED in told(home_of(sandbox, MAYA))


def test_a_run_publishes_what_changed_and_only_that(sandbox, deps):
    open_home(sandbox)
    press_home(sandbox, open_home(sandbox, "U0HEAD"), "home.scope.mine", user="U0HEAD")
    before = published(sandbox)
    assert refresh(deps) == 0
    assert published(sandbox) == before
    keep_task(deps, "Call them again")
    assert refresh(deps) == 1
    assert "Call them again" in told(home_of(sandbox, MAYA))


def test_a_limit_ends_the_run_at_once_and_is_waited_for(sandbox, deps):
    for user in (MAYA, "U0HEAD"):
        open_home(sandbox, user)
    keep(deps, [Entry("Newcomer", 20.0, MAYA)])
    sandbox.break_("ratelimited", method="views.publish", retry_after=400)
    before = published(sandbox)
    with capture_logs() as logs:
        assert refresh(deps) == 0
        pass_time(deps, minutes=5)
        assert refresh(deps) == 0  # not one call until the wait is over
    assert published(sandbox) == before + 1
    assert {each["event"] for each in logs} == {"Homes wait for the next run"}
    pass_time(deps, minutes=5)
    assert refresh(deps) == 2


@pytest.mark.parametrize("kind", ["http_500", "drop"])
def test_where_slack_fails_the_next_run_publishes(sandbox, deps, kind):
    open_home(sandbox)
    keep_task(deps, f"After {kind}")
    sandbox.break_(kind, method="views.publish", times=3)  # as often as the client tries
    assert refresh(deps) == 0
    sandbox.post("/sandbox/faults", clear=True)
    assert refresh(deps) == 1


def test_a_press_that_slack_does_not_take_says_when_it_is_shown(sandbox, deps):
    view = open_home(sandbox)
    sandbox.break_("ratelimited", method="views.publish", retry_after=60)
    press(sandbox, view, "home.scope.team")
    modal = modal_of(sandbox)
    assert "brought up to date in a few minutes" in told(modal)
    close_all(sandbox, modal)
    pass_time(deps, minutes=5)
    assert refresh(deps) == 1
    assert "✓ Team" in told(home_of(sandbox, MAYA))


def test_a_home_that_was_published_meanwhile_gives_way_to_the_press(sandbox, deps):
    """The page of somebody with two windows: the older one's hash is not Slack's any more."""
    old = open_home(sandbox)
    newest = open_home(sandbox)
    assert newest["hash"] != old["hash"]
    homing.choose(deps, admitting.who_is(deps, MAYA), "team")
    homing.publish(deps, admitting.who_is(deps, MAYA), view_hash=old["hash"])
    assert "✓ Team" in told(home_of(sandbox, MAYA))


def test_homes_are_brought_up_to_date_every_five_minutes(sandbox, deps, program):
    program.refresh_homes()
    open_home(sandbox)
    keep_task(deps, "By the clock")
    program.refresh_homes()
    assert "By the clock" not in told(home_of(sandbox, MAYA))
    deps.clock.wait(300)
    program.refresh_homes()
    assert "By the clock" in told(home_of(sandbox, MAYA))


def test_the_messages_tab_publishes_nothing(sandbox, deps, program):
    before = published(sandbox)
    event = {"type": "app_home_opened", "user": MAYA, "tab": "messages", "event_ts": "1.0"}
    body = {"type": "event_callback", "event_id": "Ev0TAB", "event": event}
    assert program.app.dispatch(BoltRequest(mode="socket_mode", body=body)).status == 200
    sandbox.ask("help")  # what came before it is done
    assert published(sandbox) == before


def test_a_list_of_those_ready_to_expand_is_answered_and_shared_like_any_other(sandbox, deps):
    slide(deps, to=55.0, csm=MAYA)
    shown = sandbox.ask("expansion")
    assert "ready to expand" in shown["text"]
    review = sandbox.ask("review team")
    assert "The week to" in review["text"]
    assert "Share to channel" in words_of(review)
