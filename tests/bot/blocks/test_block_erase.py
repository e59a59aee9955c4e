"""Finding an account in what was said, and saying the rest: by every name it is shown under, and by nobody else's."""

import pytest
from block_samples import NAMES, named
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import kit, words
from bot.blocks.erase import GONE_LINE, Naming, says, without

SHOWN = {title: name for title, name in NAMES.items() if title != "empty"}


def payload(*blocks, text=""):
    message = kit.message(text or "Today", list(blocks))
    return {"text": message.text, "blocks": message.blocks}


@pytest.mark.parametrize("name", SHOWN.values(), ids=SHOWN)
def test_an_account_is_found_however_its_name_is_shown(name):
    naming, account = Naming([name]), named(name)
    for shown in (words.name_of(account), words.plain_name_of(account)):
        assert naming.finds(f"• *{shown}* 35, Critical")
        assert any(each in shown for each in naming.beginnings)
        assert not naming.finds(naming.replace(f"at {shown}"))


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("Northern is low", True),
        ("*Northern* is low", True),
        ("Northern Star is low", False),
        ("Northern Star and Northern are low", True),
        ("the Northerners", False),
        ("northern winds", False),
        ("mail to ann@north.example", True),
        ("mail to ann@farnorth.example", False),
    ],
)
def test_others_whose_name_has_it_in_them_are_not_it(text, finds):
    naming = Naming(["Northern", "north.example"], namesakes=["Northern Star"])
    assert naming.finds(text) is finds
    assert ("Northern Star" in naming.replace(text)) == ("Northern Star" in text)


def test_of_a_message_about_several_one_line_goes():
    told = payload(
        kit.header("Today: 2 tasks"),
        kit.section("• *Acme* call\n• *Globex* call", accessory=kit.button("Show", "a", "1")),
        kit.context("Acme is the first", "Globex is the second"),
        kit.actions([kit.button("Acme", "b", "1"), kit.button("Globex", "c", "2")]),
        kit.image("https://x.example/a.png", "Acme and Globex"),
        text="Acme, Globex",
    )
    left = without(told, Naming(["Acme"]))
    assert left.text == "an erased account, Globex"
    assert not says(left.blocks, Naming(["Acme"]))
    assert [each["type"] for each in left.blocks] == ["header", "section", "context", "actions"]
    assert left.blocks[1]["text"]["text"] == f"{GONE_LINE}\n• *Globex* call"
    assert "accessory" not in left.blocks[1]
    assert [each["text"] for each in left.blocks[2]["elements"]] == ["Globex is the second"]
    assert [each["action_id"] for each in left.blocks[3]["elements"]] == ["c"]


def test_a_message_whose_head_names_it_is_about_it():
    assert without(payload(kit.header("Acme"), kit.section("35")), Naming(["Acme"])) is None
    assert without({"text": "Acme"}, Naming(["Acme"])) is None


def test_an_account_without_a_name_is_nowhere():
    assert not Naming([" ", ""]).finds("anything at all")


@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_it_is_called_nothing_is_left_of_it(name, text):
    naming = Naming([name])
    assert not naming.finds(naming.replace(text)) or naming.finds("an erased account")
