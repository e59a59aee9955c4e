"""Posts to the request URL, signed as Slack signs them or as it never would."""

import hashlib
import hmac
import http.client
import json
import secrets
from urllib.parse import urlencode, urlsplit

from bot.clock import SystemClock
from bot.http_mode import PATH

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = "application/x-www-form-urlencoded"


def command(text="help", **more):
    """The body of a command, each with a trigger id of its own."""
    return urlencode(
        {
            "command": "/health",
            "text": text,
            "user_id": "U0CSM1",
            "team_id": "T0SANDBOX",
            "channel_id": "C0TEAM",
            "trigger_id": secrets.token_hex(8),
            **more,
        }
    ).encode()


def event(event_id, **inner):
    told = {"type": "probe_event", "event_ts": "1.0", "user": "U0CSM1", **inner}
    return json.dumps(
        {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": event_id, "event": told}
    ).encode()


def interaction(kind, **facts):
    """A form with a payload, each with a trigger id of its own."""
    told = {
        "type": kind,
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0CSM1", "team_id": "T0SANDBOX"},
        "trigger_id": secrets.token_hex(8),
        **facts,
    }
    return urlencode({"payload": json.dumps(told)}).encode()


def signed(body, *, at=None, secret=SECRET, kind=FORM, **more):
    """Slack's headers. `at` is a Unix time; None: now."""
    when = str(int(SystemClock().now().timestamp()) if at is None else at)
    digest = hmac.new(secret.encode(), b"v0:" + when.encode() + b":" + body, hashlib.sha256)
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": when,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        **more,
    }


def post(web, body, headers=None, *, path=PATH):
    """Post it, signed unless other headers are given. The status, the headers and what was said."""
    line = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    try:
        line.request("POST", path, body, signed(body) if headers is None else headers)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        line.close()


def get(web, path):
    line = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        line.close()
