"""SendGrid: only what it signed is read, machines count for nobody, and a webhook that is off is found out."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from case_sendgrid import PUBLIC_KEY, SETTINGS, SIGNATURE, TIMESTAMP, signed
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError
from vendor_case import records
from vendor_server import NOW

from integrations.base import SourceAuthError
from integrations.people import person_hash
from integrations.sources.sendgrid import SOURCE, Settings
from integrations.webhooks import Listener, WebhookRefusedError

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
HERE = "https://bellwether.example.com/webhooks/sendgrid"


def event(kind="delivered", at=NINE, email="ada@globex.example", **more):
    told = {"email": email, "event": kind, "timestamp": int(at.timestamp())}
    return {**told, "sg_event_id": f"{kind}-{at.timestamp():.0f}-{email}", **more}


def post(source, events, *, at=NOW, headers=None):
    body = events if isinstance(events, bytes) else json.dumps(events).encode()
    return source.receive(signed(body, at) if headers is None else headers, body, now=NOW)


def der(key):
    return b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


@pytest.fixture
def sendgrid(opened):
    return opened("sendgrid")


@pytest.fixture
def source(sendgrid):
    return sendgrid.source


def contact(source, *events):
    (found,) = post(source, [*events]).records
    return found


# What is told.


def test_it_is_a_source_that_is_called(source):
    assert isinstance(source, Listener)


def test_a_batch_becomes_people_with_the_last_of_each_deed(sendgrid):
    ada, grace, nora = records(sendgrid.pull())
    assert (ada.id, ada.account_ref) == (
        person_hash(b"key", "ada@globex.example"),
        "globex.example",
    )
    assert (ada.last_sent_at, ada.last_opened_at) == (
        NINE + timedelta(seconds=3),
        NINE + timedelta(hours=1),
    )
    assert ada.last_clicked_at is None  # it came six seconds after the delivery
    assert ada.updated_at == ada.last_opened_at
    assert grace.account_ref == "acc-00002"
    assert (grace.last_opened_at, grace.last_clicked_at) == (None, NINE + timedelta(hours=2))
    assert nora.account_ref is None  # a free-mail address says nothing of who she works for


def test_no_address_stays_in_a_record(sendgrid):
    assert "@" not in repr(records(sendgrid.pull()))


def test_one_person_is_one_contact_however_the_address_is_written(source):
    later = NINE + timedelta(hours=1)
    found = contact(source, event(), event("open", later, " Ada@Globex.EXAMPLE"))
    assert (found.last_sent_at, found.last_opened_at) == (NINE, later)


def test_the_order_of_a_batch_does_not_matter(source):
    events = [event(at=NINE + timedelta(hours=n)) for n in (2, 0, 1)]
    assert contact(source, *events).last_sent_at == NINE + timedelta(hours=2)


def test_a_doublet_counts_once(source):
    page = post(source, [event(), event()])
    assert page.records == post(source, [event()]).records
    assert page.read == 2


def test_events_without_an_id_are_all_read(source):
    late = event("open", NINE + timedelta(hours=1), sg_event_id=None)
    found = contact(source, event(sg_event_id=None), late)
    assert found.last_opened_at == NINE + timedelta(hours=1)


def test_a_batch_that_comes_again_tells_the_same(source):
    assert post(source, [event()]) == post(source, [event()], at=NOW + timedelta(hours=1))


def test_the_custom_argument_is_the_one_that_is_configured(sendgrid):
    sendgrid.again(account_id_arg="tenant")
    found = contact(sendgrid.source, event(account_id="other", tenant=" T-7 "))
    assert found.account_ref == "T-7"
    assert contact(sendgrid.source, event(tenant=7)).account_ref == "7"


def test_the_account_is_what_the_latest_mail_said_that_said_any(source):
    hours = [NINE + timedelta(hours=n) for n in range(3)]
    events = [event(at=hours[1], account_id="new"), event(at=hours[0], account_id="old")]
    assert contact(source, *events, event("open", hours[2])).account_ref == "new"


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_argument_leaves_it_to_the_domain(source, empty):
    assert contact(source, event(account_id=empty)).account_ref == "globex.example"


def test_for_thirty_days_nobody_is_known_to_be_mailed_and_silent(sendgrid):
    """What they did before we listened is not known, so that silence is not judged yet."""
    last = NINE.replace(hour=0)
    sendgrid.again(listening_since=(last - timedelta(days=30)).date())
    early, late = event(at=last - timedelta(seconds=1)), event(at=last)
    told = contact(sendgrid.source, early, event("open", last - timedelta(hours=1)))
    assert (told.last_sent_at, told.last_opened_at) == (None, last - timedelta(hours=1))
    assert contact(sendgrid.source, early).updated_at == last - timedelta(seconds=1)
    assert contact(sendgrid.source, early, late).last_sent_at == last


def test_opens_by_machines_are_left_out(source):
    machine = event("open", NINE + timedelta(hours=1), sg_machine_open=True)
    assert contact(source, event(), machine).last_opened_at is None
    assert post(source, [machine]).records == ()


@pytest.mark.parametrize(("after_s", "counts"), [(-2, False), (0, False), (9, False), (10, True)])
def test_clicks_within_ten_seconds_of_the_delivery_are_scanners(source, after_s, counts):
    at = NINE + timedelta(seconds=after_s)
    found = contact(source, event(sg_message_id="m"), event("click", at, sg_message_id="m"))
    assert found.last_clicked_at == (at if counts else None)


def test_a_click_is_measured_by_its_own_mail(source):
    at = NINE + timedelta(seconds=5)
    of_other_mail = event("click", at, sg_message_id="other")
    assert contact(source, event(sg_message_id="m"), of_other_mail).last_clicked_at == at
    other_person = event("click", at, "bob@globex.example", sg_message_id="m")
    page = post(source, [event(sg_message_id="m"), other_person])
    assert [each.last_clicked_at for each in page.records] == [None, at]


@pytest.mark.parametrize(
    "kind",
    "processed deferred bounce dropped unsubscribe spamreport group_unsubscribe group_resubscribe "
    "account_status_change something_new".split(),
)
def test_other_kinds_are_nothing_to_us_and_no_mistakes(source, kind):
    page = post(source, [{"event": kind, "timestamp": "?"}])
    assert (page.records, page.rejected, page.read) == ((), (), 1)


def test_an_empty_batch_is_a_batch(source):
    assert post(source, []).records == ()


# One bad event is rejected alone.

FUTURE = int((NOW + timedelta(days=2)).timestamp())


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        ({"timestamp": 0}, "1970"),
        ({"timestamp": 4_102_444_800}, "2100"),
        ({"timestamp": FUTURE}, "has not come yet"),
        ({"timestamp": -1}, "1969"),
        ({"timestamp": 1e300}, "timestamp"),
        ({"timestamp": "1795338000"}, "seconds since 1970"),
        ({"timestamp": True}, "seconds since 1970"),
        ({"timestamp": None}, "seconds since 1970"),
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 1000}, "email"),
        ({"email": "\ud800@globex.example"}, "email"),
        ({"event": 7}, "event"),
        ({"event": None}, "event"),
        ({"sg_event_id": {"a": 1}}, "sg_event_id"),
        ({"sg_machine_open": "perhaps"}, "sg_machine_open"),
        ({"account_id": {"a": 1}}, "account_id"),
        ({"account_id": ["a"]}, "account_id"),
        ({"account_id": True}, "account_id"),
    ],
)
def test_a_bad_event_is_rejected_alone(source, spoilt, problem):
    page = post(source, [event(email="bob@globex.example"), event() | spoilt])
    assert [each.account_ref for each in page.records] == ["globex.example"]
    (rejected,) = page.rejected
    assert problem in rejected.problem
    assert rejected.what.startswith("event ")


@pytest.mark.parametrize("row", [None, 7, "text", [], {}])
def test_what_is_no_event_is_rejected_alone(source, row):
    page = post(source, [row, event()])
    assert (len(page.records), len(page.rejected)) == (1, 1)


def test_a_rejected_event_is_kept_under_its_own_id(source):
    (rejected,) = post(source, [event(timestamp="?", sg_event_id="abc")]).rejected
    assert rejected.what == "event abc"


@pytest.mark.parametrize("odd", ["\x00", "💥", "x" * 9_000, "'; DROP TABLE contact"])
def test_odd_account_ids_are_taken_as_they_are(source, odd):
    assert contact(source, event(account_id=odd)).account_ref == odd.strip()


# Only what SendGrid signed is read.


def refused(source, headers, body=b"[]", *, now=NOW):
    with pytest.raises(WebhookRefusedError) as caught:
        source.receive(headers, body, now=now)
    assert "ada@" not in str(caught.value)
    return caught.value


def test_header_names_may_be_in_any_case(source):
    headers = {name.upper(): text for name, text in signed(b"[]").items()}
    assert post(source, b"[]", headers=headers).read == 0


@pytest.mark.parametrize("missing", [SIGNATURE, TIMESTAMP])
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_not_signed_is_refused(source, missing, empty):
    headers = signed(b"[]")
    del headers[missing]
    error = refused(source, headers | ({missing: ""} if empty else {}))
    assert error.status == HTTPStatus.UNAUTHORIZED
    assert "not signed" in str(error)


def test_what_somebody_else_signed_is_refused(source):
    body = json.dumps([event()]).encode()
    error = refused(source, signed(body, key=ec.generate_private_key(ec.SECP256R1())), body)
    assert error.status == HTTPStatus.UNAUTHORIZED
    assert "public_key of [sources.sendgrid]" in str(error)


def test_a_body_that_was_changed_is_refused(source):
    body = json.dumps([event()]).encode()
    for other in (body + b" ", body.replace(b"ada", b"eve"), body[:-1], b""):
        assert refused(source, signed(body), other).status == HTTPStatus.UNAUTHORIZED


def test_a_timestamp_that_was_changed_is_refused(source):
    headers = signed(b"[]", NOW - timedelta(days=30))
    fresh = headers | {TIMESTAMP: str(int(NOW.timestamp()))}
    assert refused(source, fresh).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "signature",
    ["x", "!!!", "é", "AAAA", "MEUCIQ==", " ", "\ud800", b64encode(b"\x30" * 72).decode()],
)
def test_a_malformed_signature_is_refused(source, signature):
    error = refused(source, signed(b"[]") | {SIGNATURE: signature})
    assert error.status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("timestamp", ["soon", "1", "-5", "9" * 5_000, "1e9", "nan"])
def test_a_timestamp_that_is_none_is_refused_though_it_was_signed(source, timestamp):
    assert refused(source, signed(b"[]", timestamp)).status == HTTPStatus.UNAUTHORIZED


def test_what_was_signed_more_than_a_day_ago_is_refused_and_a_retry_is_not(source):
    assert post(source, [], at=NOW - timedelta(hours=24, minutes=59)).read == 0
    error = refused(source, signed(b"[]", NOW - timedelta(hours=25, minutes=1)))
    assert "25 hours" in str(error)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b"[NaN]", b'{"email": "ada@x.example"}'],
)
def test_signed_nonsense_is_refused_as_such(source, body):
    assert refused(source, signed(body), body).status == HTTPStatus.BAD_REQUEST


def test_nothing_is_read_before_the_signature_is_proved(source):
    assert refused(source, {}, b"[" * 100_000).status == HTTPStatus.UNAUTHORIZED


# A webhook that is off is found out.


def problem(sendgrid, **changes):
    sendgrid.vendor.webhooks[1] |= changes
    sentences = []
    for attempt in (sendgrid.source.check, lambda: [*sendgrid.source.pull(None, now=NOW)]):
        with pytest.raises(SourceAuthError) as caught:
            attempt()
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]
    return sentences[0]


def test_a_webhook_that_is_set_up_well_is_named(sendgrid):
    sendgrid.again(webhook_url=HERE)
    assert sendgrid.source.check() == f"the Event Webhook that calls {HERE}"
    (page,) = sendgrid.source.pull(None, now=NOW)
    assert (page.records, page.rejected, page.progress) == ((), (), 1.0)


@pytest.mark.parametrize("key", ["", None, "MFkwother"])
def test_a_webhook_that_does_not_sign_with_our_key_is_none(sendgrid, key):
    sendgrid.again(webhook_url=HERE)
    sentence = problem(sendgrid, public_key=key)
    assert "signed with public_key of [sources.sendgrid]" in sentence
    assert HERE in sentence


def test_no_webhook_at_all_is_said_so(sendgrid):
    sendgrid.vendor.webhooks.pop()
    sendgrid.vendor.webhooks.pop()
    with pytest.raises(SourceAuthError, match="No Event Webhook"):
        sendgrid.source.check()


def test_what_is_to_be_switched_on_is_named(sendgrid):
    assert "it is not enabled" in problem(sendgrid, enabled=False)
    sentence = problem(sendgrid, enabled=True, open=False, click=False)
    assert "it does not send the events open, click" in sentence
    assert "not enabled" not in sentence


def test_a_webhook_that_calls_somebody_else_is_told_without_their_password(sendgrid):
    sendgrid.again(webhook_url=HERE)
    sentence = problem(sendgrid, url="https://us:s3cret@elsewhere.example/hook")
    assert f"it calls https://elsewhere.example/hook and not {HERE}" in sentence
    assert "s3cret" not in sentence
    assert "what is no address" in problem(sendgrid, url="http://[oops")


def test_an_address_with_a_password_or_a_slash_is_the_same_address(sendgrid):
    sendgrid.again(webhook_url=HERE)
    sendgrid.vendor.webhooks[1]["url"] = (
        "https://us:s3cret@Bellwether.example.com/webhooks/sendgrid/"
    )
    assert sendgrid.source.check() == f"the Event Webhook that calls {HERE}"


def test_a_webhook_that_cannot_be_read_is_rejected_alone(sendgrid):
    sendgrid.vendor.webhooks[0]["id"] = {"lost": True}
    (page,) = sendgrid.source.pull(None, now=NOW)
    assert len(page.rejected) == 1


def test_a_key_without_the_permission_is_told_in_sendgrids_words(sendgrid):
    from vendor_server import Answer

    sendgrid.server.always = Answer.of(
        {"errors": [{"field": None, "message": "access forbidden"}]}, 403
    )
    with pytest.raises(
        SourceAuthError, match=r"access forbidden.*user\.webhooks\.event\.settings\.read"
    ):
        sendgrid.source.check()


def test_proving_it_takes_one_request_whatever_there_is(sendgrid):
    (page,) = sendgrid.source.pull({"any": 1}, now=NOW)
    assert page.requests == len(sendgrid.server.log) == 1


# Settings.


def test_a_key_may_be_broken_over_lines(sendgrid):
    sendgrid.again(public_key=f" {PUBLIC_KEY[:60]}\n{PUBLIC_KEY[60:]}\n")
    assert post(sendgrid.source, [event()]).records
    assert sendgrid.source.check()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not base64!",
        PUBLIC_KEY[:40],
        PUBLIC_KEY[4:],
        der(ec.derive_private_key(7, ec.SECP384R1())),
        der(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    ],
)
def test_what_is_no_verification_key_is_refused_with_where_to_find_it(key):
    with pytest.raises(
        ValidationError, match=r"not a verification key; copy it in SendGrid .* MFkw"
    ):
        Settings(**{**SETTINGS, "public_key": key})


def test_each_region_has_its_host(clock):
    for region, host in {"us": "api.sendgrid.com", "eu": "api.eu.sendgrid.com"}.items():
        settings = Settings(**SETTINGS, region=region)
        opened = SOURCE.open(settings, clock, b"key")
        assert opened._http._base == f"https://{host}/"
