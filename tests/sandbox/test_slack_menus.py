"""Menus that the app fills while a person types, and shortcuts, with the real Bolt in front."""

import pytest
from waiting import wait_for


def plain(text):
    return {"type": "plain_text", "text": text}


def option(name):
    return {"text": plain(name), "value": name.lower()}


def menu(**more):
    return {"type": "external_select", "action_id": "account", **more}


NAMES = ("Acme", "Acorn", "Bolt")


@pytest.fixture
def asked(app):
    """What the app was asked for. It offers accounts that begin with the letters."""
    payloads = []

    @app.options("account")
    def accounts(ack, payload):
        payloads.append(payload)
        ack(options=[option(name) for name in NAMES if name.lower().startswith(payload["value"])])

    return payloads


def suggest(sandbox, ts, value, **more):
    where = {"user": "U0CSM1", "channel": "C0TEAM", "ts": ts, "action_id": "account"}
    return sandbox.do("suggest", value=value, **where | more)


def values_of(answer):
    return [each["value"] for each in answer["options"]]


def post_menu(web, **more):
    blocks = [{"type": "actions", "block_id": "pick", "elements": [menu(**more)]}]
    return web.chat_postMessage(channel="C0TEAM", text="Pick", blocks=blocks)["ts"]


def test_the_app_fills_a_menu_once_enough_letters_are_typed(sandbox, web, asked, connect):
    connect()
    ts = post_menu(web, min_query_length=2)
    assert suggest(sandbox, ts, "a") == {"ok": True, "options": []}
    assert asked == []
    assert values_of(suggest(sandbox, ts, "ac")) == ["acme", "acorn"]
    (payload,) = asked
    assert (payload["type"], payload["block_id"], payload["value"]) == ("block_suggestion", "pick", "ac")  # fmt: skip
    assert payload["container"]["message_ts"] == ts
    assert payload["channel"]["id"] == "C0TEAM"
    assert not {"trigger_id", "response_url", "state", "actions"} & set(payload)


def test_three_letters_are_needed_where_the_menu_does_not_say(sandbox, web, asked, connect):
    connect()
    ts = post_menu(web)
    assert values_of(suggest(sandbox, ts, "ac")) == []
    assert values_of(suggest(sandbox, ts, "aco")) == ["acorn"]


def test_what_was_offered_can_be_chosen_and_nothing_else(sandbox, web, app, asked, connect):
    chosen = []

    @app.action("account")
    def choose(ack, action):
        chosen.append(action["selected_option"])
        ack()

    connect()
    ts = post_menu(web, min_query_length=0)
    press = {"user": "U0CSM1", "channel": "C0TEAM", "ts": ts, "action_id": "account"}
    assert sandbox.do("click", value="acme", **press)["error"] == "no_such_option"
    assert values_of(suggest(sandbox, ts, "")) == ["acme", "acorn", "bolt"]
    assert sandbox.do("click", value="acme", **press)["ok"]
    assert chosen == [option("Acme")]
    assert (
        sandbox.do("click", **press | {"user": "U0CSM2"}, value="acme")["error"] == "no_such_option"
    )


def test_a_choice_from_a_modals_menu_is_in_its_state(sandbox, app, asked, connect):
    sent = []
    field = {"type": "input", "block_id": "which", "label": plain("Account"), "element": menu(min_query_length=1)}  # fmt: skip
    form = {"type": "modal", "callback_id": "pick", "title": plain("Pick"), "submit": plain("Go"), "blocks": [field]}  # fmt: skip

    @app.shortcut("open")
    def open_form(ack, body, client):
        client.views_open(trigger_id=body["trigger_id"], view=form)
        ack()

    @app.view("pick")
    def take(ack, view):
        sent.append(view["state"]["values"]["which"]["account"]["selected_option"])
        ack()

    connect()
    assert sandbox.do("shortcut", user="U0CSM1", callback_id="open")["ok"]
    view_id = sandbox.get("/sandbox/screen?user=U0CSM1")["modal"]["id"]
    offered = sandbox.do("suggest", user="U0CSM1", view_id=view_id, action_id="account", value="b")
    assert values_of(offered) == ["bolt"]
    assert asked[0]["view"]["id"] == view_id
    empty = sandbox.do("submit", user="U0CSM1", view_id=view_id, values={})
    assert empty["errors"] == {"which": "Please complete this required field."}
    filled = {"which": {"account": "bolt"}}
    assert sandbox.do("submit", user="U0CSM1", view_id=view_id, values=filled)["ok"]
    assert sent == [option("Bolt")]


def test_options_slack_would_not_show_are_refused(sandbox, web, app, connect):
    many = [option(f"Account {number}") for number in range(101)]
    app.options("account")(lambda ack, payload: ack(options=many[: int(payload["value"])]))
    connect()
    ts = post_menu(web, min_query_length=1)
    assert len(suggest(sandbox, ts, "100")["options"]) == 100
    assert suggest(sandbox, ts, "101")["error"] == "invalid_options"


def test_groups_of_options_are_offered_as_groups(sandbox, web, app, connect):
    groups = [{"label": plain("Yours"), "options": [option("Acme")]}]
    app.options("account")(lambda ack: ack(option_groups=groups))
    connect()
    assert suggest(sandbox, post_menu(web), "acm")["option_groups"] == groups


def test_an_app_that_fills_no_menu_in_time_is_told_of(sandbox, web, app, connect):
    connect()
    assert suggest(sandbox, post_menu(web), "acm")["error"] == "operation_timeout"


def test_a_message_shortcut_brings_the_message(sandbox, web, app, connect):
    came = []

    @app.shortcut("log")
    def log(ack, body, respond):
        came.append((body["type"], body["message"]["text"], body["message_ts"]))
        ack()
        respond("noted")

    connect()
    ts = web.chat_postMessage(channel="C0TEAM", text="They called.")["ts"]
    where = {"callback_id": "log", "channel": "C0TEAM", "ts": ts}
    assert sandbox.do("shortcut", user="U0CSM1", **where)["ok"]
    assert came == [("message_action", "They called.", ts)]
    wait_for(lambda: sandbox.whispers("U0CSM1") == ["noted"])


def test_people_from_outside_have_no_shortcuts(sandbox):
    said = sandbox.do("shortcut", user="U0STRANGER", callback_id="log")
    assert said["error"] == "not_available_to_external_people"
