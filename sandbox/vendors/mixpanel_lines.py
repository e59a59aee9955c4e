"""Mixpanel's lines: an account's day as JSON text, written from templates because there are many."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.story import Account, Deed, names
from sandbox.story.dice import dice, mix

LATEST = timedelta(days=3, hours=1)  # nothing arrives later than this after its day
STRAY_GROUP = "staging-tenant"

_PATHS = {
    "Login": "/login",
    "Page Viewed": "/home",
    "Settings Changed": "/settings",
    "Report Viewed": "/reports/weekly",
    "Dashboard Created": "/dashboards/new",
    "Data Exported": "/exports",
    "Automation Run": "/automations",
    "Teammate Invited": "/team/invite",
}
_PLACES = {
    "America/New_York": ("New York", "New York", "US"),
    "America/Chicago": ("Chicago", "Illinois", "US"),
    "America/Los_Angeles": ("San Francisco", "California", "US"),
    "Europe/London": ("London", "England", "GB"),
    "Europe/Berlin": ("Berlin", "Land Berlin", "DE"),
    "Asia/Singapore": ("Singapore", "Singapore", "SG"),
}
_SYSTEMS = (
    ("Mac OS X", "Chrome", 131, 900, 1440),
    ("Windows", "Edge", 130, 1080, 1920),
    ("Windows", "Firefox", 132, 864, 1536),
)
_LATE = 2 / 100  # share of events that arrive one to three days late
_LATE_S = 2 * 86_400
_DAY_MS = 86_400_000


def lines(
    account: Account,
    day: int,
    midnight: datetime,
    deeds: Iterable[Deed],
    *,
    events: frozenset[str],
    now: datetime,
) -> str:
    """What has arrived by `now` of what an account did on a day. Empty `events` means all of them."""
    day_s, now_ms = int(midnight.timestamp()), int(now.timestamp() * 1000)
    throws = dice(account.seed, day, 60)
    bits_of = throws.getrandbits
    people: dict[int, tuple[str, str]] = {}
    found: list[str] = []
    for user, event, second in deeds:
        bits = bits_of(128)
        late = (bits >> 12 & 0xFFFFF) / 0x100000
        at = day_s + second
        arrived_ms = at * 1000 + (
            1500 + (bits >> 8 & 0xFFF)
            if late >= _LATE
            else _DAY_MS + int(late / _LATE * _LATE_S * 1000)
        )
        if arrived_ms > now_ms or (events and event not in events):
            continue
        if user not in people:
            people[user] = _person(account, user)
        who, tail = people[user]
        quirk = bits & 0xFFF
        # A few old clients send no $insert_id, a few servers forget whose event it is.
        insert = "" if quirk < 12 else f'"$insert_id":"{bits >> 32:024x}",'
        group = "" if 12 <= quirk < 24 else _group(account)
        line = (
            f'{{"event":"{event}","properties":{{"time":{at},"distinct_id":"{who}",{insert}'
            f'"mp_processing_time_ms":{arrived_ms},"$mp_api_timestamp_ms":{arrived_ms - 40},'
            f'"$current_url":"https://app.northwind.example{_PATHS[event]}?s={bits >> 96:x}",'
            f'"session_id":"{bits >> 100:07x}",{group}{tail}}}}}\n'
        )
        found.append(line)
        if 24 <= quirk < 36:  # sent again by a client that missed the answer
            found.append(line)
    return "".join(found)


def stray_lines(day: int, midnight: datetime, events: frozenset[str], now: datetime) -> str:
    """A group that no other vendor knows: somebody's staging system."""
    at = midnight + timedelta(hours=7, minutes=mix(day, 61) % 60)
    if at + timedelta(minutes=1) > now or (events and "Login" not in events):
        return ""
    second = int(at.timestamp())
    return (
        f'{{"event":"Login","properties":{{"time":{second},"distinct_id":"staging-bot","$insert_id":"staging{day:06d}",'
        f'"mp_processing_time_ms":{second * 1000 + 900},"company_id":"{STRAY_GROUP}"}}}}\n'
    )


def profiles(account: Account, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The profiles of an account's people; some lack the account and have an address only."""
    for user in range(account.seats + 1):
        first, last = names.person(account.seed, account.index, user)
        told = {
            "$email": f"{first}.{last}{user or ''}@{account.domain}".lower(),
            "$name": f"{first} {last}",
            "$last_seen": "2026-11-20T09:00:00",
        }
        if mix(account.seed, user, 63) % 12:
            told["company_id"] = account.group
        yield {
            "$distinct_id": f"u-{account.index}-{user}",
            "$properties": {
                name: text for name, text in told.items() if not wanted or name in wanted
            },
        }


def _group(account: Account) -> str:
    """The group key: a string as a rule, a list for some accounts, a number where the id is one."""
    if account.group.isdigit():
        return f'"company_id":{account.group},'
    if account.index % 11 == 4:
        return f'"company_id":["{account.group}"],'
    return f'"company_id":"{account.group}",'


def _person(account: Account, user: int) -> tuple[str, str]:
    """Somebody's distinct id, and the properties that are the same in all their events."""
    stirred = mix(account.seed, user, 62)
    system, browser, version, height, width = _SYSTEMS[stirred % len(_SYSTEMS)]
    city, region, country = _PLACES[account.tz]
    who = f"u-{account.index}-{user}"
    properties = {
        "$user_id": who,
        "$device_id": f"{stirred:016x}",
        "$browser": browser,
        "$browser_version": version,
        "$city": city,
        "$region": region,
        "mp_country_code": country,
        "$os": system,
        "$screen_height": height,
        "$screen_width": width,
        "$lib_version": "2.56.0",
        "mp_lib": "web",
        "$initial_referrer": "$direct",
        "$initial_referring_domain": "$direct",
        "$mp_api_endpoint": "api-js.mixpanel.com",
        "company_name": account.name,
        "plan": account.plan,
        "role": "admin" if user == 0 else "member",
        "app_version": f"2026.{8 + stirred % 4}.{stirred % 9}",
    }
    return who, json.dumps(properties, ensure_ascii=False, separators=(",", ":"))[1:-1]
