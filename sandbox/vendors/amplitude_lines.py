"""Amplitude's lines: an account's day as JSON text, by the hour in which each was uploaded."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.story import Account, Deed, names
from sandbox.story.dice import dice, mix

LATEST_DAYS = 3  # nothing is uploaded later than this after its day

_LATE = 2 / 100  # share of events that are uploaded one to two days late
_DAY_S, _HOUR_S = 86_400, 3_600


def lines_by_hour(
    account: Account, day: int, midnight: datetime, deeds: Iterable[Deed]
) -> dict[int, list[str]]:
    """What an account did on a day, by the hour of its upload, counted from the day's midnight."""
    throws = dice(account.seed, day, 80)
    people: dict[int, str] = {}
    found: defaultdict[int, list[str]] = defaultdict(list)
    for user, event, second in deeds:
        bits = throws.getrandbits(128)
        late = (bits >> 12 & 0xFFFFF) / 0x100000
        uploaded = second + (bits & 7) + 1
        if late < _LATE:
            uploaded += _DAY_S + int(late / _LATE * _DAY_S)
        if user not in people:
            people[user] = _person(account, user)
        at, up = (_written(midnight, each) for each in (second, uploaded))
        found[uploaded // _HOUR_S].append(
            f'{{"event_type":"{event}","event_time":"{at}","client_event_time":"{at}",'
            f'"server_received_time":"{up}","server_upload_time":"{up}","processed_time":"{up}",'
            f'"$insert_id":"{bits >> 64:016x}","uuid":"{bits:032x}","event_id":{bits & 0xFFFF},'
            f'"event_properties":{{"session":"{bits >> 100:07x}"}},{people[user]}}}\n'
        )
    return found


def _written(midnight: datetime, second: int) -> str:
    return f"{midnight + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}.000000"


def _person(account: Account, user: int) -> str:
    """What is the same in all events of somebody; one in nine has not signed in."""
    stirred = mix(account.seed, user, 82)
    first, last = names.person(account.seed, account.index, user)
    known = user == 0 or stirred % 9 > 0
    group: object = int(account.group) if account.group.isdigit() else account.group
    properties = {
        "user_id": f"u-{account.index}-{user}" if known else None,
        "device_id": f"{stirred:016x}",
        "amplitude_id": stirred >> 20,
        "groups": {"company": [group] if account.index % 11 == 4 else group},
        "group_properties": {},
        "user_properties": {
            "company_id": group,
            "email": f"{first}.{last}{user or ''}@{account.domain}".lower(),
            "role": "admin" if user == 0 else "member",
        }
        if known
        else {},
        "platform": "Web",
        "library": "amplitude-ts/2.11.0",
    }
    return json.dumps(properties, separators=(",", ":"))[1:-1]
