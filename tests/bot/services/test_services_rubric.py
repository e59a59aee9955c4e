"""/health rubric says since when the numbers hold."""

from service_world import DANA

from bot.blocks.kit import as_text
from bot.commands import registry


def told(world):
    return as_text(registry.answer(world.deps, DANA, "rubric"))


def test_a_rubric_is_in_use_since_its_first_score(world):
    assert "not used yet" in told(world)
    world.begin(acme="positive")
    world.clock.wait(9 * 24 * 3600)
    assert "in use since 16 Nov" in told(world)
    assert "Support, up to 100" in told(world)


def test_an_account_called_rubric_and_more_is_still_found_by_its_name(world):
    world.sync("stripe")
    command, asked = registry.ask(world.deps, DANA, "rubric partners")
    assert command.name == ""
    assert asked.text == "rubric partners"
