"""Usage that comes in parts: what is added joins what is known, and parts make the same as the whole."""

from collections.abc import Iterator, Sequence

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_stored_records import DAY, NOW, ids
from test_stored_records import days as whole

from scoring.records import ActiveUser, FeatureCount, UsageDays
from storage import links, usage
from storage.engine import Database
from storage.sql import fetch
from storage.tables import ActiveUserRow, UsageDayRow

__all__ = ["ids"]  # the fixture

Count = tuple[int, str, str, int]
User = tuple[int, str, int]


def part(
    *days: int, counts: Sequence[Count] = (), users: Sequence[User] = (), batch: int = 2
) -> UsageDays:
    def batches(rows: Sequence, make: type) -> Iterator[list]:
        for start in range(0, len(rows), batch):
            yield [make(*row) for row in rows[start : start + batch]]

    return UsageDays(
        days=days, counts=batches(counts, FeatureCount), users=batches(users, ActiveUser), adds=True
    )


def stored(session):
    """Every count and person that is known of, by the source's own names."""
    names = {row.id: row.ref for row in fetch(session, sa.select(links._link))}
    counts, users = UsageDayRow.__table__, ActiveUserRow.__table__
    return (
        {
            (row.day, names[row.link_id], row.feature): row[3]
            for row in fetch(session, sa.select(counts))
        },
        {(row.day, names[row.link_id], row.user_hash) for row in fetch(session, sa.select(users))},
    )


def test_what_is_added_joins_what_is_known_of_the_day(session, ids):
    acme, globex = ids
    usage.replace_days(
        session,
        "mixpanel",
        whole(DAY, counts=[(DAY, "acme", "report", 3)], users=[(DAY, "acme", 1)]),
        at=NOW,
    )
    more = part(
        DAY - 1,
        DAY,
        counts=[
            (DAY, "acme", "report", 2),
            (DAY, "globex", "export", 1),
            (DAY - 1, "acme", "a", 4),
        ],
        users=[(DAY, "acme", 1), (DAY, "acme", 2), (DAY - 1, "acme", 1)],
    )
    usage.replace_days(session, "mixpanel", more, at=NOW)
    window = {"since": DAY - 1, "until": DAY}
    assert usage.active_days(session, ids, **window) == {
        acme: {DAY - 1: 4, DAY: 5},
        globex: {DAY: 1},
    }
    assert usage.active_users(session, ids, **window) == {acme: 2}


def test_only_links_that_a_part_says_something_new_of_have_changed(session, ids):
    link = links.ids(session, "mixpanel", ["acme", "globex"], at=NOW)
    known = whole(DAY, counts=[(DAY, "globex", "a", 1)], users=[(DAY, "globex", 7)])
    usage.replace_days(session, "mixpanel", known, at=NOW)
    nothing = part(DAY, counts=[(DAY, "globex", "a", 0)], users=[(DAY, "globex", 7)])
    assert usage.replace_days(session, "mixpanel", nothing, at=NOW) == frozenset()
    assert usage.replace_days(session, "mixpanel", part(DAY), at=NOW) == frozenset()
    person = part(DAY, users=[(DAY, "globex", 7), (DAY, "acme", 7)])
    assert usage.replace_days(session, "mixpanel", person, at=NOW) == {link["acme"]}
    count = part(DAY, counts=[(DAY, "globex", "a", 1)])
    assert usage.replace_days(session, "mixpanel", count, at=NOW) == {link["globex"]}


def test_a_day_replaced_by_nothing_and_added_to_again_holds_what_was_added(session, ids):
    acme, _ = ids
    row = (DAY, "acme", "report", 3)
    usage.replace_days(session, "mixpanel", part(DAY, counts=[row]), at=NOW)
    usage.replace_days(session, "mixpanel", whole(DAY), at=NOW)
    usage.replace_days(session, "mixpanel", part(DAY, counts=[row]), at=NOW)
    assert usage.active_days(session, ids, since=DAY, until=DAY) == {acme: {DAY: 3}}


def test_another_sources_counts_are_not_added_to(session, ids):
    row = (DAY, "acme", "report", 3)
    for source in ("mixpanel", "hubspot"):
        usage.replace_days(session, source, part(DAY, counts=[row]), at=NOW)
    assert {each[3] for each in fetch(session, sa.select(UsageDayRow.__table__))} == {3}


def test_a_part_that_breaks_off_adds_nothing(db: Database):
    def broken() -> Iterator[list[FeatureCount]]:
        yield [FeatureCount(DAY, "acme", "report", 99)]
        raise ConnectionError

    with pytest.raises(ConnectionError), db.write() as session:
        usage.replace_days(
            session,
            "mixpanel",
            UsageDays(days=(DAY,), counts=broken(), users=iter(()), adds=True),
            at=NOW,
        )
    with db.write() as session:
        assert stored(session) == ({}, set())


_events = st.lists(
    st.tuples(
        st.sampled_from([DAY, DAY - 1, DAY - 2]),
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["a", "b", "b\x00"]),  # the last two are one once they are clean
        st.integers(1, 3),  # who
        st.integers(0, 3),  # the part it comes in
    ),
    max_size=12,
)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(events=_events, batch=st.integers(1, 4))
def test_events_in_whatever_parts_make_the_same_as_the_whole(undone, events, batch):
    def told(chosen):
        counts = [(day, ref, name, 1) for day, ref, name, _, _ in chosen]
        users = [(day, ref, who) for day, ref, _, who, _ in chosen]
        return {"counts": counts, "users": users, "batch": batch}

    found = []
    for numbers in ([{0}, {1}, {2}, {3}], [{0, 1, 2, 3}], None):
        with undone() as session:
            if numbers is None:
                everything = whole(DAY, DAY - 1, DAY - 2, **told(events))
                usage.replace_days(session, "mixpanel", everything, at=NOW)
            for chosen in numbers or ():
                some = part(DAY, **told([each for each in events if each[4] in chosen]))
                usage.replace_days(session, "mixpanel", some, at=NOW)
            found.append(stored(session))
    assert found[0] == found[1] == found[2]
    assert sum(found[0][0].values()) == len(events)
