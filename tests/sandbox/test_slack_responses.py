"""What a response_url does, after a command and after a press."""

import pytest
from slack_sdk.webhook import WebhookClient

BUTTON = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "press",
                "text": {"type": "plain_text", "text": "Press"},
            }
        ],
    }
]


@pytest.fixture
def addresses(app, connect):
    """The response URLs the app was given, by what it was told of."""
    given = {}

    @app.command("/health")
    def health(ack, body):
        given["command"] = WebhookClient(body["response_url"])
        ack()

    @app.action("press")
    def press(ack, body):
        given["press"] = WebhookClient(body["response_url"])
        ack()

    connect()
    return given


def command(sandbox, channel="C0TEAM"):
    assert sandbox.do("command", user="U0CSM1", channel=channel, text="acme")["ok"]


def test_a_commands_answers_stand_below_each_other_whatever_they_ask_to_replace(sandbox, addresses):
    # Seen on the platform: bolt-js#2287, bolt-python#1268.
    command(sandbox)
    addresses["command"].send(text="Looking…")
    addresses["command"].send(text="58, At-risk", replace_original=True)
    assert sandbox.whispers("U0CSM1") == ["Looking…", "58, At-risk"]


def test_a_press_replaces_what_was_pressed(sandbox, web, addresses):
    ts = web.chat_postMessage(channel="C0TEAM", text="Alert", blocks=BUTTON)["ts"]
    sandbox.do("click", user="U0CSM1", channel="C0TEAM", ts=ts, action_id="press")
    addresses["press"].send(text="Acknowledged", replace_original=True)
    addresses["press"].send(text="beside it")
    assert sandbox.texts() == ["Acknowledged"]
    assert sandbox.whispers("U0CSM1") == ["beside it"]


def test_a_commands_answer_in_the_channel_stands_where_the_app_is_no_member(sandbox, addresses):
    command(sandbox, "C0GENERAL")
    addresses["command"].send(text="for one")
    addresses["command"].send(text="for all", response_type="in_channel")
    assert sandbox.whispers("U0CSM1") == ["for one"]
    assert sandbox.texts("C0GENERAL") == ["for all"]
