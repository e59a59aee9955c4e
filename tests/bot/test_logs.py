"""Logs: a line of JSON a fact, and no secret in any of them, wherever it hid."""

import json
import os
import pty
import subprocess
import sys
import textwrap

import pytest

from bot.logs import redact

SECRETS = [
    "xoxb-1234567890-canary",
    "xoxp-1234567890-canary",
    "xapp-1-A012-345-canary",
    "rk_live_51canary",
    "sk_test_51canary",
    "whsec_canary1234",
    "pat-eu1-canary-1234",
    "Basic Y2FuYXJ5OmNhbmFyeQ==",
    "Bearer canary.canary-canary_1/+~=",
    "bearer canarycanary",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "token={}",
        "'{}'",
        '"{}"',
        "{{'Authorization': '{}'}}",
        "a\n{}\nb",
        "https://x/?t={}&b",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(secret, around):
    told = redact(around.format(secret))
    assert "anary" not in told
    assert "Y2Fu" not in told
    assert "[secret]" in told


@pytest.mark.parametrize(
    "text", ["stripe answers again", "Basic plan", "pattern-matching", "3 accounts at Acme"]
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


SCRIPT = textwrap.dedent("""
    import logging, sys, structlog
    from bot.logs import configure_logs
    secret = sys.argv[1]
    configure_logs()
    log = structlog.get_logger("bot.test")
    log.info(f"said {secret}")
    log.warning("as a field", token=secret, headers={"Authorization": secret}, each=[secret])
    logging.getLogger("somebody").warning("by a library: %s", secret)
    logging.getLogger("httpx").info("a line a request")
    try:
        raise ValueError(f"in an error: {secret}")
    except ValueError:
        log.exception("failed")
    try:
        raise ValueError("outer") from ValueError(secret)
    except ValueError as error:
        log.error("failed again", exc_info=error)
""")


def logged(secret):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, secret],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


def logged_on_a_terminal(secret):
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, secret], stderr=theirs, check=True)
    os.close(theirs)
    told = b""
    while True:
        try:
            told += os.read(ours, 65536)
        except OSError:  # the other end is closed, and everything is read
            break
    os.close(ours)
    return told.decode()


@pytest.mark.parametrize("way", [logged, logged_on_a_terminal])
@pytest.mark.parametrize("secret", ["xoxb-12345-canary", "Basic Y2FuYXJ5OmNhbmFyeQ=="])
def test_no_secret_comes_out_of_messages_fields_libraries_and_errors(way, secret):
    told = way(secret)
    assert secret not in told
    assert told.count("[secret]") >= 7
    for expected in ("said ", "as a field", "by a library", "in an error", "outer"):
        assert expected in told


def test_off_a_terminal_each_fact_is_a_line_of_json():
    facts = [json.loads(line) for line in logged("rk_live_canary").splitlines()]
    assert [fact["event"] for fact in facts] == [
        "said [secret]",
        "as a field",
        "by a library: [secret]",
        "failed",
        "failed again",
    ]
    assert {"logger", "level", "timestamp"} <= facts[0].keys()
    assert facts[1]["headers"] == {"Authorization": "[secret]"}
    assert "ValueError: in an error: [secret]" in facts[3]["exception"]
