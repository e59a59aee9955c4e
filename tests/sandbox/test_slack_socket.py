"""Socket Mode and what people do, with the real Bolt in front."""

import json
import threading
import urllib.request

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as dial

COMMAND = {"user": "U0CSM1", "channel": "C0TEAM", "text": "acme"}


def wait_for(condition, seconds=10.0):
    """Poll until the condition holds; fail after a deadline."""
    ticks = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        ticks.wait(0.05)
    raise AssertionError("it never came true")


def button(action_id="press", **more):
    text = {"type": "plain_text", "text": "Press"}
    return [
        {
            "type": "actions",
            "block_id": "b",
            "elements": [{"type": "button", "action_id": action_id, "text": text, **more}],
        }
    ]


def modal(**more):
    field = {
        "type": "input",
        "block_id": "note",
        "label": {"type": "plain_text", "text": "Note"},
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    title = {"type": "plain_text", "text": "Note"}
    return {
        "type": "modal", "callback_id": "note", "title": title, "submit": title, "blocks": [field], **more,
    }  # fmt: skip


def test_a_command_reaches_the_app_and_its_answer_is_for_the_asker_alone(sandbox, app, connect):
    @app.command("/health")
    def health(ack, respond, command):
        ack()
        respond(f"{command['user_id']} asked {command['text']}")

    connect()
    assert sandbox.do("command", **COMMAND) == {"ok": True}
    assert wait_for(lambda: sandbox.whispers("U0CSM1")) == ["U0CSM1 asked acme"]
    assert sandbox.texts() == []


def test_an_answer_inside_the_ack_is_shown_at_once(sandbox, app, connect):
    app.command("/health")(lambda ack: ack("right away"))
    connect()
    sandbox.do("command", **COMMAND)
    assert sandbox.whispers("U0CSM1") == ["right away"]


def test_what_people_type_arrives_escaped_and_with_references(sandbox, app, connect):
    heard = []

    @app.command("/health")
    def health(ack, command):
        heard.append(command["text"])
        ack()

    connect()
    sandbox.do("command", **COMMAND | {"text": "owner <acme> @omar #cs-admin"})
    assert heard == ["owner &lt;acme&gt; <@U0OPS|omar> <#C0ADMIN|cs-admin>"]


def test_without_a_connection_the_person_is_told(sandbox):
    assert sandbox.do("command", **COMMAND) == {"ok": False, "error": "dispatch_failed"}
    assert sandbox.whispers("U0CSM1") == ["/health failed: dispatch_failed"]


def test_a_late_ack_is_a_visible_failure(sandbox, app, connect):
    released = threading.Event()

    @app.command("/health")
    def health(ack):
        released.wait(20)
        ack()

    connect()
    assert sandbox.do("command", **COMMAND)["error"] == "operation_timeout"
    assert sandbox.whispers("U0CSM1") == ["/health failed: operation_timeout"]
    released.set()


def test_a_pressed_button_carries_its_message_and_the_message_is_replaced(sandbox, app, connect):
    seen = []

    @app.action("press")
    def press(ack, body, respond):
        ack()
        seen.append(body)
        respond(text="pressed", replace_original=True)

    connect()
    ts = app.client.chat_postMessage(channel="C0TEAM", text="x", blocks=button(value="7"))["ts"]
    click = {"user": "U0CSM2", "channel": "C0TEAM", "ts": ts, "action_id": "press"}
    assert sandbox.do("click", **click) == {"ok": True}
    wait_for(lambda: sandbox.texts() == ["pressed"])
    (replaced,) = sandbox.get("/sandbox/transcript")["messages"]
    assert (replaced["blocks"], replaced["edited"]) == ([], 1)
    (body,) = seen
    assert body["message"]["ts"] == body["container"]["message_ts"] == ts
    assert body["actions"][0]["value"] == "7"
    assert body["user"]["team_id"] == "T0SANDBOX"


def test_a_button_in_an_ephemeral_replaces_the_ephemeral(sandbox, app, connect):
    seen = []

    @app.action("press")
    def press(ack, body, respond):
        ack()
        seen.append(body)
        respond(text="shared", response_type="in_channel")
        respond(delete_original=True)

    connect()
    shown = app.client.chat_postEphemeral(
        channel="C0TEAM", user="U0CSM1", text="for you", blocks=button()
    )
    click = {"user": "U0CSM1", "channel": "C0TEAM", "ts": shown["message_ts"], "action_id": "press"}
    assert sandbox.do("click", **click) == {"ok": True}
    wait_for(lambda: sandbox.whispers("U0CSM1") == [])
    assert sandbox.texts() == ["shared"]
    assert seen[0]["container"]["is_ephemeral"]
    assert "message" not in seen[0]
    assert sandbox.do("click", **click | {"user": "U0CSM2"})["error"] == "message_not_found"


def test_a_choice_in_a_menu_arrives_as_the_whole_option(sandbox, app, connect):
    chosen = []

    @app.action("menu")
    def menu(ack, action):
        ack()
        chosen.append(action)

    connect()
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("a", "b")]
    select = {"type": "static_select", "action_id": "menu", "options": options}
    people = {"type": "users_select", "action_id": "who"}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select, people]}]
    ts = app.client.chat_postMessage(channel="C0TEAM", text="x", blocks=blocks)["ts"]
    click = {"user": "U0CSM1", "channel": "C0TEAM", "ts": ts, "action_id": "menu"}
    sandbox.do("click", **click, selected_option="b")
    assert chosen[0]["selected_option"] == options[1]
    assert sandbox.do("click", **click, selected_option="c")["error"] == "no_such_option"


@pytest.fixture
def noting(app, connect):
    """An app whose button opens a modal; what is submitted is kept."""
    notes = []

    @app.action("press")
    def press(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata="7"))

    @app.view("note")
    def note(ack, view):
        text = view["state"]["values"]["note"]["text"]["value"]
        if text == "bad":
            ack(response_action="errors", errors={"note": "Not this."})
        elif text == "more":
            ack(response_action="update", view=modal(callback_id="second"))
        else:
            ack()
            notes.append((text, view["private_metadata"]))

    connect()
    return notes


def open_modal(sandbox, app, user="U0CSM1"):
    ts = app.client.chat_postMessage(channel="C0TEAM", text="x", blocks=button())["ts"]
    sandbox.do("click", user=user, channel="C0TEAM", ts=ts, action_id="press")
    return wait_for(lambda: sandbox.get(f"/sandbox/screen?user={user}")["modal"])["id"]


def test_a_modal_is_opened_corrected_and_submitted(sandbox, app, noting):
    view_id = open_modal(sandbox, app)

    def submit(text):
        return sandbox.do("submit", user="U0CSM1", view_id=view_id, values={"note": {"text": text}})

    assert submit("")["errors"] == {"note": "Please complete this required field."}
    assert submit("bad")["errors"] == {"note": "Not this."}
    assert submit("good") == {"ok": True}
    assert noting == [("good", "7")]
    assert sandbox.get("/sandbox/screen?user=U0CSM1")["modal"] is None


def test_a_modal_may_become_another_one(sandbox, app, noting):
    view_id = open_modal(sandbox, app)
    sandbox.do("submit", user="U0CSM1", view_id=view_id, values={"note": {"text": "more"}})
    shown = sandbox.get("/sandbox/screen?user=U0CSM1")["modal"]
    assert (shown["id"], shown["callback_id"]) == (view_id, "second")


def test_a_trigger_id_opens_one_modal_only(sandbox, app, connect):
    triggers = []

    @app.command("/health")
    def health(ack, command):
        ack()
        triggers.append(command["trigger_id"])

    connect()
    sandbox.do("command", **COMMAND)
    wait_for(lambda: triggers)
    app.client.views_open(trigger_id=triggers[0], view=modal())
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=triggers[0], view=modal())


def test_a_response_url_is_good_for_five_answers(sandbox, app, connect):
    urls = []

    @app.command("/health")
    def health(ack, command):
        ack()
        urls.append(command["response_url"])

    connect()
    sandbox.do("command", **COMMAND)
    hook = WebhookClient(wait_for(lambda: urls)[0])
    assert [hook.send(text=str(n)).status_code for n in range(6)] == [200] * 5 + [404]
    assert sandbox.whispers("U0CSM1") == ["0", "1", "2", "3", "4"]


def test_opening_home_is_an_event_and_the_published_view_is_shown(sandbox, app, connect):
    @app.event("app_home_opened")
    def home(event, client):
        view = {"type": "home", "blocks": button()}
        client.views_publish(user_id=event["user"], view=view)

    connect()
    sandbox.do("home", user="U0CSM1")
    assert wait_for(lambda: sandbox.get("/sandbox/screen?user=U0CSM1")["home"])["type"] == "home"


def test_a_message_to_the_app_is_an_event(sandbox, app, connect):
    heard = []
    app.event("message")(lambda event: heard.append((event["channel_type"], event["text"])))
    connect()
    sandbox.do("message", user="U0CSM1", channel="D0CSM1", text="hello")
    assert wait_for(lambda: heard) == [("im", "hello")]


def test_external_people_press_buttons_but_have_no_commands(sandbox, app, connect):
    pressed = []

    @app.action("press")
    def press(ack, body):
        ack()
        pressed.append(body["user"]["team_id"])

    connect()
    stranger = {"user": "U0STRANGER", "channel": "C0SHARED"}
    assert sandbox.do("command", **stranger)["error"] == "not_available_to_external_people"
    ts = app.client.chat_postMessage(channel="C0SHARED", text="x", blocks=button())["ts"]
    assert sandbox.do("click", **stranger, ts=ts, action_id="press") == {"ok": True}
    assert pressed == ["T0ACME"]


def open_link(sandbox):
    return sandbox.web("xapp-1").apps_connections_open(app_token="xapp-1")["url"]


def test_a_ticket_lets_one_connection_in(sandbox):
    url = open_link(sandbox)
    with dial(url) as link:
        assert json.loads(link.recv())["type"] == "hello"
        with pytest.raises((InvalidStatus, ConnectionClosed)), dial(url) as second:
            second.recv()


def test_connections_may_be_turned_away_and_each_costs_its_ticket(sandbox):
    url = open_link(sandbox)
    sandbox.post("/sandbox/socket", turns_away=True)
    with pytest.raises(InvalidStatus):
        dial(url)
    sandbox.post("/sandbox/socket", turns_away=False)
    with pytest.raises(InvalidStatus):
        dial(url)
    with dial(open_link(sandbox)) as link:
        assert json.loads(link.recv())["type"] == "hello"


def test_a_mute_connection_stays_open_and_hears_nothing(sandbox):
    with dial(open_link(sandbox), ping_interval=None, close_timeout=0.2) as link:
        link.recv()
        sandbox.post("/sandbox/socket", mute=True)
        assert sandbox.do("command", **COMMAND)["error"] == "dispatch_failed"
        assert not link.ping().wait(0.3)


def test_an_event_that_nobody_acknowledges_comes_again_under_its_own_id(sandbox):
    with dial(open_link(sandbox)) as link:
        link.recv()
        sandbox.do("message", user="U0CSM1", channel="D0CSM1", text="hello")
        first, second = json.loads(link.recv(timeout=10)), json.loads(link.recv(timeout=10))
        link.send(json.dumps({"envelope_id": second["envelope_id"]}))
    assert first["envelope_id"] != second["envelope_id"]
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")


def test_a_delivery_may_be_doubled_on_request(sandbox):
    sandbox.break_("duplicate_delivery")
    with dial(open_link(sandbox)) as link:
        link.recv()
        sandbox.do("message", user="U0CSM1", channel="D0CSM1", text="hello")
        twice = [json.loads(link.recv(timeout=10)) for _ in range(2)]
        for each in twice:
            link.send(json.dumps({"envelope_id": each["envelope_id"]}))
    assert twice[0]["payload"] == twice[1]["payload"]


def test_each_envelope_goes_to_one_of_the_connections(sandbox):
    with dial(open_link(sandbox)) as one, dial(open_link(sandbox)) as two:
        for link in (one, two):
            link.recv()
        for text in ("a", "b"):
            sandbox.do("message", user="U0CSM1", channel="D0CSM1", text=text)
        heard = [json.loads(link.recv(timeout=10)) for link in (one, two)]
        for link, each in zip((one, two), heard, strict=True):
            link.send(json.dumps({"envelope_id": each["envelope_id"]}))
    assert {each["payload"]["event"]["text"] for each in heard} == {"a", "b"}


# The SDK leaves the socket of a cut connection to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["disconnect", "drop_socket"])
def test_bolt_comes_back_after_a_lost_connection(sandbox, app, connect, kind):
    app.command("/health")(lambda ack: ack("still here"))
    connect()
    opened = sandbox.get("/sandbox/counts")["calls"]["apps.connections.open"]
    sandbox.break_(kind)
    wait_for(lambda: sandbox.get("/sandbox/counts")["calls"]["apps.connections.open"] > opened, 20)
    wait_for(lambda: sandbox.do("command", **COMMAND)["ok"], 20)
    assert sandbox.whispers("U0CSM1")[-1] == "still here"


def test_the_page_asks_for_time_and_the_player_moves_it(sandbox):
    asked = sandbox.post("/sandbox/ask", days=1)
    assert asked["target"] == "2026-08-25T06:00:00+00:00"
    moved = sandbox.post("/sandbox/clock", now="2026-08-24T12:00:00+00:00")
    assert (moved["now"], moved["target"]) == ("2026-08-24T12:00:00+00:00", asked["target"])
    assert sandbox.post("/sandbox/clock", now=asked["target"])["target"] is None


def test_a_control_without_its_argument_is_refused(sandbox):
    with pytest.raises(urllib.request.HTTPError, match="400"):
        sandbox.post("/sandbox/clock")
