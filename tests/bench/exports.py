"""Exports: a day of Mixpanel's raw export as gzipped lines, seeded; few accounts make most of the events."""

import gzip
import json
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from tests.bench.world import FEATURES, NOW, ref

_MIDNIGHT = int(NOW.replace(hour=0, minute=0, second=0).timestamp())
_PLACES = (
    ("Berlin", "Land Berlin", "DE"),
    ("Denver", "Colorado", "US"),
    ("Leeds", "England", "GB"),
)
_SYSTEMS = (("Mac OS X", "Chrome", 131), ("Windows", "Edge", 130), ("Linux", "Firefox", 132))
_PEOPLE = 12  # of an account, at most
_TWICE = 3 / 1000  # share of events a client sent again
_LEVEL = 6


def path_in(folder: Path) -> Path:
    """Where the export of the bench's day lies."""
    return folder / f"{NOW.date()}.json.gz"


def write(folder: Path, *, events: int, accounts: int) -> int:
    """Write the day. Returns how many bytes it has unzipped."""
    with gzip.open(path_in(folder), "wb", compresslevel=_LEVEL) as file:
        return sum(file.write(line) for line in _lines(random.Random(7), events, accounts))


def arrive_late(folder: Path, *, events: int, accounts: int) -> None:
    """Add as many events to the day; gzipped parts may stand one behind another."""
    with gzip.open(path_in(folder), "ab", compresslevel=_LEVEL) as file:
        file.writelines(_lines(random.Random(8), events, accounts))


def _lines(dice: random.Random, events: int, accounts: int) -> Iterator[bytes]:
    by_account = list(accumulate(1 / (rank + 8) for rank in range(accounts)))
    by_feature = list(accumulate(1 / (rank + 1) for rank in range(len(FEATURES))))
    whose = dice.choices(range(accounts), cum_weights=by_account, k=events)
    what = dice.choices(FEATURES, cum_weights=by_feature, k=events)
    people: dict[int, tuple[str, str]] = {}
    for account, event in zip(whose, what, strict=True):
        bits = dice.getrandbits(96)
        person = account * _PEOPLE + bits % _PEOPLE
        if person not in people:
            people[person] = _person(account, person)
        who, rest = people[person]
        second = _MIDNIGHT + (bits >> 8) % 85_000
        line = (
            f'{{"event":"{event}","properties":{{"time":{second},"distinct_id":"{who}",'
            f'"$insert_id":"{bits:024x}","mp_processing_time_ms":{second * 1000 + 1800},'
            f'"$mp_api_timestamp_ms":{second * 1000 + 1760},'
            f'"$current_url":"https://app.example/reports/{bits & 0xFFFF}","session_id":"{bits >> 68:07x}",'
            f"{rest}}}}}\n"
        ).encode()
        yield line
        if (bits >> 60) % 1000 < _TWICE * 1000:
            yield line


def _person(account: int, person: int) -> tuple[str, str]:
    """Somebody's distinct id, and the properties that are the same in all their events."""
    place, system = _PLACES[person % len(_PLACES)], _SYSTEMS[person // 3 % len(_SYSTEMS)]
    who = f"u-{person}@{ref(account)}"
    properties = {
        "$user_id": who,
        "$device_id": f"{person * 2654435761 % (1 << 64):016x}",
        "$os": system[0],
        "$browser": system[1],
        "$browser_version": system[2],
        "$city": place[0],
        "$region": place[1],
        "mp_country_code": place[2],
        "$screen_height": 1080,
        "$screen_width": 1920,
        "$lib_version": "2.56.0",
        "mp_lib": "web",
        "$initial_referrer": "$direct",
        "$initial_referring_domain": "$direct",
        "$mp_api_endpoint": "api-js.mixpanel.com",
        "company_id": ref(account),
        "role": "admin" if person % _PEOPLE == 0 else "member",
        "app_version": "2026.11.2",
    }
    return who, json.dumps(properties, separators=(",", ":"))[1:-1]
