"""Everything we say, at every size: none is without samples, Slack takes each, and no customer's text does anything."""

import importlib
import pkgutil
import re

import pytest
from every_render import RENDERS
from syrupy.extensions.json import JSONSnapshotExtension
from test_block_limits import OURS, mrkdwn_of

import bot.blocks
from bot.blocks.kit import Message
from bot.blocks.limits import problems, view_problems
from sandbox.slack.judge import Surface, judge, judge_view

SAMPLES = {
    f"{name}, {size}": each for name, sizes in RENDERS.items() for size, each in sizes.items()
}
MESSAGES = {title: each for title, each in SAMPLES.items() if isinstance(each, Message)}
VIEWS = {title: each for title, each in SAMPLES.items() if isinstance(each, dict)}

# These say nothing that came from outside, so there is nothing absurd about them.
OURS_ALONE = {
    "erase.render_gone",
    "found.render_denied",
    "found.render_error",
    "matches.render_said",
    "outage.render_outage",
}
# And these have no number to say: a question, an answer to it, or a word about what is not there.
NO_NUMBER = {
    "erase.render_gone",
    "found.render_denied",
    "found.render_error",
    "found.render_not_found",
    "found.render_unknown_command",
    "help.render_help",
    "matches.render_said",
    "notices.render_blocked",
    "notices.render_source_back",
    "notices.render_source_down",
    "notices.render_undeliverable",
    "pursuit.render_ack_expired",
    "unfurl.render_unfurl",
}


_QUOTED = re.compile(r"^> ", re.MULTILINE)  # by us: what somebody wrote in a note


def every_render():
    """The name of every render there is."""
    for module in pkgutil.iter_modules(bot.blocks.__path__):
        for name, each in vars(importlib.import_module(f"bot.blocks.{module.name}")).items():
            if name.startswith("render_") and each.__module__ == f"bot.blocks.{module.name}":
                yield f"{module.name}.{name}"


def test_every_render_has_samples():
    assert set(every_render()) == RENDERS.keys()


@pytest.mark.parametrize("name", RENDERS)
def test_a_render_has_the_sizes_it_comes_in(name):
    sizes = RENDERS[name].keys()
    if name in OURS_ALONE:
        assert sizes
    else:
        assert {"1", "absurd"} <= sizes <= {"0", "1", "many", "absurd"}


@pytest.fixture
def picture(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("title", MESSAGES)
def test_a_message_looks_as_it_did(title, picture):
    message = MESSAGES[title]
    assert {"text": message.text, "blocks": message.blocks} == picture


@pytest.mark.parametrize("title", VIEWS)
def test_a_view_looks_as_it_did(title, picture):
    assert VIEWS[title] == picture


@pytest.mark.parametrize("title", MESSAGES)
def test_slack_takes_the_message(title):
    message = MESSAGES[title]
    assert problems(message.blocks, "message") == []
    assert judge(message.blocks) == []
    assert message.blocks
    assert 0 < len(message.text.strip()) <= 3000


@pytest.mark.parametrize("title", VIEWS)
def test_slack_takes_the_view(title):
    view = VIEWS[title]
    assert view_problems(view) == []
    assert judge_view(view, Surface(view["type"])) == []


@pytest.mark.parametrize("title", SAMPLES)
def test_no_customers_text_mentions_links_or_formats(title):
    sample = SAMPLES[title]
    said = (
        [sample.text, *mrkdwn_of(sample.blocks)]
        if title in MESSAGES
        else mrkdwn_of(sample["blocks"])
    )
    for each in said:
        assert not set(_QUOTED.sub("", OURS.sub("", each))) & set("<>&")
        assert "\u202e" not in each


@pytest.mark.parametrize("title", MESSAGES)
def test_the_notification_says_the_number(title):
    name, _, size = title.partition(", ")
    if name not in NO_NUMBER and size != "0":
        assert re.search(r"\d", OURS.sub("", MESSAGES[title].text))
