"""SendGrid's stand-in: it is set up over its API, and then calls with signed events of the story's mail."""

import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vendor_world import INSTALLED_AT, World, bearer, serve

from integrations.base import SourceAuthError
from integrations.people import person_hash
from integrations.sources.sendgrid import SOURCE, SendGrid, Settings
from integrations.webhooks import WebhookRefusedError
from sandbox.vendors import sendgrid
from sandbox.vendors.sendgrid import API_KEY, NARROW_KEY, PUBLIC_KEY, WEBHOOK_ID, signed
from sandbox.vendors.sendgrid_events import events
from scoring.records import Contact

world = pytest.fixture(serve)
SETTINGS = "/sendgrid/v3/user/webhooks/event/settings"
KINDS = ("processed", "delivered", "open", "click")


@dataclass
class Receiver:
    """Somebody who is called: what came, and the status they answer."""

    url: str = ""
    status: int = 204
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[Any]:
        return [event for _, body in self.calls for event in json.loads(body)]


@pytest.fixture
def receiver():
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.calls.append((dict(self.headers), body))
            self.send_response(told.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """A test says what went wrong by itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/webhooks/sendgrid"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


class Clock:
    def now(self) -> datetime:
        return INSTALLED_AT

    def wait(self, seconds: float) -> None:
        raise AssertionError(f"nobody has to wait {seconds} s here")


def ask(world: World, path: str, key: str = API_KEY) -> Any:
    return world.ask(f"{SETTINGS}/{path}", headers=bearer(key))


def change(world: World, path: str = WEBHOOK_ID, key: str = API_KEY, **changes: Any) -> Any:
    """PATCH, which the world's own client does not do."""
    import urllib.error
    import urllib.request

    body = json.dumps(changes).encode()
    request = urllib.request.Request(
        f"{world.url}{SETTINGS}/{path}", body, bearer(key), method="PATCH"
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def switch_on(world: World, receiver: Receiver, *kinds: str) -> None:
    told = dict.fromkeys(kinds or KINDS, True)
    assert change(world, url=receiver.url, enabled=True, **told)[0] == 200


def deliver(world: World, **ahead: float) -> None:
    world.move(**ahead)
    world.vendors.deliver(world.clock.now())


def source(world: World, **settings: Any) -> SendGrid:
    given = sendgrid.SendGrid.settings(f"{world.url}/sendgrid") | settings
    return SOURCE.open(Settings(**given), Clock(), b"key")


def merged(found: list[Contact]) -> dict[str, Contact]:
    """Contacts as storage merges them: what somebody did last only moves forward."""
    kept: dict[str, dict[str, Any]] = {}
    for each in found:
        row = kept.setdefault(each.id, {"account_ref": each.account_ref})
        for name in (one.name for one in fields(each) if one.name.endswith("_at")):
            row[name] = max(filter(None, (row.get(name), getattr(each, name))), default=None)
    return kept


def test_the_public_key_is_that_of_the_private_number():
    public = ec.derive_private_key(sendgrid._PRIVATE_NUMBER, ec.SECP256R1()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert b64encode(der).decode() == PUBLIC_KEY


def test_it_calls_nobody_before_it_is_told_whom(world: World, receiver: Receiver):
    deliver(world, days=5)
    assert receiver.calls == []
    switch_on(world, receiver)
    deliver(world)
    assert receiver.calls


def test_the_first_call_tells_of_thirty_days_and_the_next_of_what_is_new(
    world: World, receiver: Receiver
):
    switch_on(world, receiver)
    deliver(world)
    first = {event["timestamp"] for event in receiver.events}
    assert min(first) > (INSTALLED_AT - timedelta(days=30)).timestamp()
    assert max(first) <= INSTALLED_AT.timestamp()
    receiver.calls.clear()
    deliver(world)
    assert receiver.calls == []
    deliver(world, days=4)
    stamps = [event["timestamp"] for event in receiver.events]
    assert INSTALLED_AT.timestamp() < min(stamps) <= max(stamps)
    assert max(stamps) <= world.clock.now().timestamp()


def test_batches_are_small_and_signed_with_the_key_it_shows(world: World, receiver: Receiver):
    switch_on(world, receiver)
    deliver(world)
    assert len(receiver.calls) > 1
    reader = source(world)
    for headers, body in receiver.calls:
        assert len(json.loads(body)) <= 1_000
        assert len(body) < 768 * 1024
        assert not reader.receive(headers, body, now=INSTALLED_AT).rejected
        with pytest.raises(WebhookRefusedError):
            reader.receive(headers, body + b" ", now=INSTALLED_AT)


def test_only_the_kinds_that_are_switched_on_are_sent(world: World, receiver: Receiver):
    switch_on(world, receiver, "open")
    deliver(world)
    assert {event["event"] for event in receiver.events} == {"open"}


def test_without_signing_nothing_is_signed(world: World, receiver: Receiver):
    assert change(world, f"signed/{WEBHOOK_ID}", enabled=False)[1]["public_key"] == ""
    switch_on(world, receiver)
    deliver(world)
    assert not [name for name in receiver.calls[0][0] if "Twilio" in name]
    assert change(world, f"signed/{WEBHOOK_ID}", enabled=True)[1]["public_key"] == PUBLIC_KEY


@pytest.mark.parametrize("status", [301, 401, 413, 503])
def test_what_was_not_taken_is_sent_again_in_its_order(
    world: World, receiver: Receiver, status: int
):
    switch_on(world, receiver)
    receiver.status = status
    deliver(world)
    assert len(receiver.calls) == 1  # it does not go on before that is taken
    first = receiver.calls.pop()[1]
    receiver.status = 204
    deliver(world, hours=1)
    assert receiver.calls[0][1] == first
    assert len(receiver.events) == len(
        events(world.story, INSTALLED_AT - timedelta(days=30), INSTALLED_AT)
    )


def test_after_a_day_it_gives_up(world: World, receiver: Receiver):
    switch_on(world, receiver)
    receiver.status = 503
    deliver(world)
    receiver.calls.clear()
    receiver.status = 204
    deliver(world, hours=25)
    assert all(event["timestamp"] > INSTALLED_AT.timestamp() for event in receiver.events)


def test_nobody_there_does_no_harm(world: World):
    change(world, url="http://127.0.0.1:1/hook", enabled=True, delivered=True)
    deliver(world)


def test_machines_and_doublets_are_among_the_events(world: World):
    told = events(world.story, INSTALLED_AT - timedelta(days=30), INSTALLED_AT)
    assert 0 < sum(event.get("sg_machine_open", False) for event in told) < len(told) / 4
    assert len({event["sg_event_id"] for event in told}) < len(told)
    delivered = {e["sg_message_id"]: e["timestamp"] for e in told if e["event"] == "delivered"}
    waits = [e["timestamp"] - delivered[e["sg_message_id"]] for e in told if e["event"] == "click"]
    assert any(wait < 10 for wait in waits)
    assert any(wait > 60 for wait in waits)


def test_the_mail_is_the_one_hubspot_tells_of(world: World):
    """Ninety days of events add up to the mailboxes that the other tools show."""
    now = INSTALLED_AT + timedelta(days=3)
    body = json.dumps(events(world.story, world.story.start - timedelta(days=1), now)).encode()
    page = source(world).receive(signed(body, now), body, now=now)
    found = {each.id: each for each in page.records}
    boxes = 0
    for account in world.story.known(now):
        for contact in world.story.contacts(account):
            box = world.story.mailbox(contact, now)
            if box.delivered:
                one = found[person_hash(b"key", contact.email)]
                assert (one.last_opened_at, one.last_clicked_at) == (box.opened_at, box.clicked_at)
                assert one.last_sent_at - box.sent_at == timedelta(seconds=2)
                assert one.account_ref is None or one.account_ref in {account.key, account.domain}
                boxes += 1
    assert boxes == len(found) > 100


def test_read_day_by_day_it_tells_the_same_as_at_once(world: World, receiver: Receiver):
    switch_on(world, receiver)
    reader, found = source(world), []
    for _ in range(12):
        deliver(world, days=1)
        now = world.clock.now()
        for headers, body in receiver.calls:
            found += reader.receive(headers, body, now=now).records
        receiver.calls.clear()
    since = INSTALLED_AT + timedelta(days=1) - timedelta(days=30)
    body = json.dumps(events(world.story, since, now)).encode()
    at_once = source(world).receive(signed(body, now), body, now=now).records
    assert merged(found) == merged([*at_once])


def test_proving_it_takes_one_request(world: World, receiver: Receiver):
    with pytest.raises(SourceAuthError, match="not enabled; it does not send"):
        source(world).check()
    switch_on(world, receiver)
    before = world.vendors.counts()["sendgrid"]
    reader = source(world, webhook_url=receiver.url)
    assert receiver.url in reader.check()
    (page,) = reader.pull(None, now=INSTALLED_AT)
    assert (page.records, page.requests) == ((), 2)
    assert world.vendors.counts()["sendgrid"] - before == 2


def test_wrong_keys_and_narrow_ones_are_refused_in_its_words(world: World):
    wrong = ask(world, "all", "SG.wrong")
    assert (wrong.status, "grant is invalid" in wrong.json["errors"][0]["message"]) == (401, True)
    narrow = ask(world, "all", NARROW_KEY)
    assert (narrow.status, narrow.json["errors"][0]["message"]) == (403, "access forbidden")
    with pytest.raises(SourceAuthError, match="access forbidden"):
        source(world, api_key=NARROW_KEY).check()


def test_faults_reach_the_adapter(world: World, receiver: Receiver):
    switch_on(world, receiver)
    world.fault("sendgrid", "malformed_record")
    (page,) = source(world).pull(None, now=INSTALLED_AT)
    assert len(page.rejected) == 1
    world.fault("sendgrid", "unauthorized")
    with pytest.raises(SourceAuthError, match="401"):
        source(world).check()


def test_nonsense_is_refused(world: World):
    assert change(world, "another", url="http://127.0.0.1:1")[0] == 404
    assert change(world, enabled=True)[0] == 400


def test_it_keeps_a_limit():
    with contextmanager(serve)(accounts=1) as small:
        statuses = [ask(small, "all").status for _ in range(601)]
    assert statuses[:600] == [200] * 600
    assert statuses[600] == 429
