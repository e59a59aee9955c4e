"""Laws: the same news, in any order, in any pages, any number of times, ends in the same scores, alerts and messages."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from service_world import HOUR, MOODS, World, company, subscription, ticket

from storage.engine import open_database

KEYS = ("acme", "globex", "initech")
looks = st.lists(
    st.fixed_dictionaries({key: st.sampled_from(sorted(MOODS)) for key in KEYS}),
    min_size=1,
    max_size=3,
)


def begin(template, folder):
    shutil.copyfile(template, folder / "bellwether.db")
    world = World(open_database(f"sqlite:///{folder / 'bellwether.db'}"), folder)
    world.sync("stripe", *map(company, KEYS), *(subscription(f"cus_{key}") for key in KEYS))
    world.look(**dict.fromkeys(KEYS, "neutral"))
    return world


def plainly(world, history):
    for moods in history:
        world.look(**moods)


def messily(world, history, draw):
    """The same news torn into pages, shuffled, repeated with old news among it, and scored at any time."""
    old = []
    for moods in history:
        world.clock.at += HOUR
        news = [ticket(key, mood, at=world.clock.at) for key, mood in moods.items()]
        again = draw(st.lists(st.sampled_from(news + old), max_size=3), label="again")
        for each in draw(st.permutations(news + again), label="order"):
            world.put("zendesk", each)
        for name in draw(st.permutations(["stripe", "zendesk"]), label="sources"):
            world.sync(name)
        for _ in range(draw(st.integers(1, 3), label="scored")):
            world.rescore()
        old += news


def outcome(world):
    """Scores, alerts and messages, each alert by what it is about rather than by its number."""
    alerts = world.every_alert()
    names = {world.account(key).id: key for key in KEYS}
    known = {each.id: (names[each.account_id], each.rule, each.episode) for each in alerts}
    parts = {key: (world.score(key).value, world.score(key).as_of) for key in KEYS}
    keys = set()
    for row in world.outbox():
        first, number, *rest = [*row.key.split(":", 2), ""][:3]
        keys.add((first, known[int(number)], *rest) if first == "alert" else (row.key,))
    facts = {(*known[each.id], each.opened_at, each.closed_at, each.announced) for each in alerts}
    tasks = sorted((names[each.account_id], each.title, each.due_on) for each in world.tasks())
    return parts, facts, keys, tasks, {key: world.watches(key) for key in KEYS}


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a story is slow to make smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=looks, data=st.data())
def test_order_and_repetition_change_nothing(sqlite_template, history, data):
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        plain, messy = (begin(sqlite_template, Path(folder)) for folder in (first, second))
        plainly(plain, history)
        messily(messy, history, data.draw)
        assert outcome(messy) == outcome(plain)
        for world in (plain, messy):
            world.deps.db.dispose()
