"""HTTP: limits, retries, deadlines and refusals, over a real socket."""

import gzip
import socket
import threading

import pytest
from vendor_server import NOW, Answer, serving

from integrations import http as module
from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, RefusedError
from integrations.limiter import Limit
from integrations.payload import explain, gunzip

SECRET = "xoxs-very-secret"


@pytest.fixture
def server():
    with serving(lambda request: Answer.of({"path": request.path})) as running:
        yield running


def connect(url, clock, **more):
    return Http(
        url,
        vendor=Vendor(title="Acme", mend="Check token in [sources.acme].", secrets=(SECRET,)),
        credentials=more.pop("credentials", FixedCredentials(bearer(SECRET))),
        clock=clock,
        **more,
    )


def test_a_path_is_asked_for_under_the_base_address(server, clock):
    assert connect(server.url + "/mount/", clock).get_json("/v1/things") == {
        "path": "/mount/v1/things"
    }
    assert server.log[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_link_to_another_host_is_refused_before_anything_is_sent(server, clock):
    http = connect(server.url, clock)
    same = server.url + "/next?page=2"
    assert http.get_json(same) == {"path": "/next"}
    for url in (
        "https://evil.example/next",
        same.replace("http:", "https:"),
        "http://127.0.0.1:1/",
    ):
        with pytest.raises(SourceDataError, match="another host"):
            http.get_json(url)
    assert len(server.log) == 1


def test_a_redirect_is_not_followed(server, clock):
    server.always = Answer.of({}, 302, location="https://evil.example/")
    with pytest.raises(SourceDataError, match=r"redirects to evil\.example"):
        connect(server.url, clock).get_json("x")


def test_a_post_that_writes_is_never_sent_twice(server, clock):
    server.always = Answer.of({}, 503)
    http = connect(server.url, clock)
    with pytest.raises(SourceDownError):
        http.post_json("x", {}, is_read=False)
    assert len(server.log) == 1
    with pytest.raises(SourceDownError):
        http.post_json("x", {}, is_read=True)
    assert len(server.log) == 1 + 4


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520])
def test_what_may_pass_is_tried_again(server, clock, status):
    server.before = [Answer.of({}, status)]
    assert connect(server.url, clock).get_json("x") == {"path": "/x"}


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_what_will_not_pass_is_tried_once_and_says_its_status(server, clock, status):
    server.always = Answer.of({"error": {"message": f"No {SECRET} here"}}, status)
    with pytest.raises(RefusedError) as refused:
        connect(server.url, clock).get_json("x")
    assert refused.value.status == status
    assert "No … here" in str(refused.value)
    assert len(server.log) == 1


def test_a_plan_without_the_api_is_told_apart_from_bad_credentials(server, clock):
    server.always = Answer.of({"error": "upgrade"}, 402)
    with pytest.raises(SourceAuthError, match=r"plan .* \(402\).*upgrade"):
        connect(server.url, clock).get_json("x")


def test_the_limiter_spreads_requests_over_its_period(server, clock):
    http = connect(server.url, clock, limits=(Limit(2, 1), Limit(3, 10)))
    for _ in range(4):
        http.get_json("x")
    assert clock.waits == [1, 9]
    assert http.requests == 4


def test_a_limit_that_is_used_up_for_long_is_left_to_the_next_pull(server, clock):
    http = connect(server.url, clock, limits=(Limit(1, 3600),))
    http.get_json("x")
    with pytest.raises(SourceDownError, match=r"no requests left .* after 2026-11-22 13:00"):
        http.get_json("x")
    assert clock.waits == []


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit_remaining": "0", "ratelimit_reset": "7"},
        {
            "x_hubspot_ratelimit_remaining": "0",
            "x_hubspot_ratelimit_interval_milliseconds": "7000",
        },
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW.timestamp()) + 7)},
        {
            "x_ratelimit_app_global_minute_remaining": "0",
            "x_ratelimit_app_global_minute_reset": "7",
            "x_ratelimit_app_global_day_remaining": "380",
            "x_ratelimit_app_global_day_reset": "43200",
        },
    ],
    ids=["draft standard", "HubSpot", "Intercom", "SurveyMonkey"],
)
def test_a_vendor_that_says_nothing_is_left_is_believed(server, clock, headers):
    server.before = [Answer.of({}, **headers)]
    http = connect(server.url, clock)
    http.get_json("x")
    http.get_json("x")
    assert clock.waits == [7]


def test_of_two_allowances_that_are_used_up_the_longer_is_waited_for(server, clock):
    name = "x_ratelimit_app_global"
    used_up = {f"{name}_minute_remaining": "0", f"{name}_minute_reset": "7"}
    used_up |= {f"{name}_day_remaining": "0", f"{name}_day_reset": "43200"}
    server.before = [Answer.of({}, **used_up)]
    http = connect(server.url, clock)
    http.get_json("x")
    with pytest.raises(SourceDownError, match=r"no requests left .* after 2026-11-23 00:00"):
        http.get_json("x")
    assert clock.waits == []


@pytest.mark.parametrize("reset", ["0", "1", "soon", "", "-5", "²", "9" * 30])
def test_a_reset_that_cannot_be_right_holds_nothing_back_for_long(server, clock, reset):
    header = reset.encode().decode("latin-1")
    server.before = [Answer.of({}, x_ratelimit_remaining="0", x_ratelimit_reset=header)]
    http = connect(server.url, clock)
    http.get_json("x")
    assert http._limiter.wait_s() <= 86_400


def test_spent_counts_since_it_was_last_asked(server, clock):
    http = connect(server.url, clock)
    server.before = [Answer.of({}, 500)]
    http.get_json("x")
    assert (http.spent(), http.spent(), http.requests) == (2, 0, 2)


def test_more_bytes_than_the_cap_are_not_taken(server, clock, monkeypatch):
    monkeypatch.setattr(module, "_JSON_MAX_BYTES", 1000)
    server.before = [
        Answer(b"x" * 5000),
        Answer.gzipped(b"0" * 1_000_000),
    ]
    http = connect(server.url, clock)
    for _ in range(2):
        with pytest.raises(SourceDataError, match="more than 1,000 bytes"):
            http.get_json("x")


def test_a_body_that_drips_forever_is_given_up(clock):
    """A read timeout never fires on it: every byte comes in time."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip():
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                try:
                    while not stop.wait(0.01):
                        connection.sendall(b"x")
                except OSError:
                    continue

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        http = connect(f"http://127.0.0.1:{listener.getsockname()[1]}", clock, deadline_s=0.05)
        with pytest.raises(SourceDownError, match="no answer in time"):
            http.get_json("x")
        assert http.requests == 4
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)  # ends an accept() that waits
        listener.close()
        thread.join(5)


def test_new_credentials_are_fetched_once_for_a_refused_request(server, clock):
    class Renewing:
        renewals = 0

        def headers(self, http):
            return bearer(f"t{self.renewals}")

        def renew(self):
            self.renewals += 1
            return True

    credentials = Renewing()
    server.before = [Answer.of({}, 401)]
    http = connect(server.url, clock, credentials=credentials)
    assert http.get_json("x") == {"path": "/x"}
    server.always = Answer.of({}, 401)
    with pytest.raises(SourceAuthError):
        http.get_json("x")
    assert credentials.renewals == 2
    assert len(server.log) == 4


def test_a_spooled_file_holds_the_bytes_as_they_came(server, clock, tmp_path):
    server.always = Answer.gzipped(b"line\n" * 1000)
    path = tmp_path / "day"
    assert connect(server.url, clock).spool("x", {}, path)
    assert gzip.decompress(path.read_bytes()) == b"line\n" * 1000
    server.always = Answer(b"plain\n", headers={"content-type": "text/plain"})
    assert not connect(server.url, clock).spool("x", {}, path)
    assert path.read_bytes() == b"plain\n"


def test_gzip_of_several_members_is_read_whole():
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    assert gunzip(body, title="Acme", max_bytes=100) == b"one two"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":"InvalidScope","description":"Needs read"}', "InvalidScope Needs read"),
        (b'{"error":{"title":"Forbidden","message":"No access"}}', "Forbidden No access"),
        (
            b'{"message":"Missing","errors":[{"context":{"requiredGranularScopes":["crm.a","crm.b"]}}]}',
            "Missing (needs crm.a, crm.b)",
        ),
        (b'{"meta":{"error":"Unauthorized request"}}', "Unauthorized request"),
        (
            b'{"errors":[{"code":"token_unauthorized","message":"Not allowed."}]}',
            "Not allowed (token_unauthorized).",
        ),
        (b"<html>", ""),
        (b"[1]", ""),
        (b'{"errors":[1,{"context":2}]}', ""),
    ],
)
def test_an_error_is_explained_in_the_vendors_words(body, said):
    assert explain(body) == said


def test_a_pre_signed_address_gets_no_credentials(server, clock, tmp_path):
    with serving(lambda _: Answer(b"PK\x00 as it is")) as elsewhere:
        http = connect(server.url, clock)
        http.fetch_unsigned(elsewhere.url + "/results.tar.gz?X-Amz-Signature=abc", tmp_path / "r")
        assert (tmp_path / "r").read_bytes() == b"PK\x00 as it is"
        assert "authorization" not in elsewhere.log[0].headers
        assert elsewhere.log[0].one("X-Amz-Signature") == "abc"
        assert (http.requests, len(server.log)) == (1, 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://results.example/r.tar.gz",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.7/r.tar.gz",
        "https://[::1]/r.tar.gz",
        "https://localhost/r.tar.gz",
        "https://db.internal/r.tar.gz",
        "https://intranet/r.tar.gz",
        "file:///etc/passwd",
        "ftp://results.example/r",
        "https://",
        "https://[",
        "r.tar.gz",
        "",
    ],
)
def test_an_address_that_leads_into_our_network_is_refused(server, clock, tmp_path, url):
    http = connect(server.url, clock)
    with pytest.raises(SourceDataError, match=r"Acme (pointed us to|gave us an address)"):
        http.fetch_unsigned(url, tmp_path / "r")
    assert http.requests == 0
    assert not (tmp_path / "r").exists()


def test_a_pre_signed_address_that_has_run_out_says_nothing_of_credentials(server, clock, tmp_path):
    server.always = Answer(b"<Error><Code>AccessDenied</Code></Error>", 403)
    with pytest.raises(SourceDownError, match="does not open") as down:
        connect(server.url, clock).fetch_unsigned(server.url + "/r", tmp_path / "r")
    assert "token" not in str(down.value)


def test_a_pre_signed_address_is_tried_again_and_capped(server, clock, tmp_path, monkeypatch):
    http = connect(server.url, clock)
    server.before = [Answer(b"", 503), Answer(b"whole", says_length=9), Answer(b"whole")]
    http.fetch_unsigned(server.url + "/r", tmp_path / "r")
    assert (tmp_path / "r").read_bytes() == b"whole"
    monkeypatch.setattr(module, "_SPOOL_MAX_BYTES", 1_000)
    server.always = Answer(b"x" * 2_000)
    with pytest.raises(SourceDataError, match="more than 1,000 bytes"):
        http.fetch_unsigned(server.url + "/r", tmp_path / "r")
