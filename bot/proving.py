"""Proving Slack: whether the tokens, scopes, channels and the clock are as the bot needs them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from slack_bolt.error import BoltError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.connecting import SlackConfig
from bot.services.diagnosing import Finding, Verdict
from bot.variables import ConfigError

SCOPES = frozenset(
    "app_mentions:read channels:history channels:read chat:write commands files:read files:write"
    " groups:history groups:read im:history im:write links:read links:write usergroups:read"
    " users:read users:read.email".split()
)
"""What manifest.yml asks for."""

_TROUBLES = (SlackClientError, OSError, BoltError)

MOST_SKEW = timedelta(minutes=2)
"""Slack refuses signatures that are five minutes off, and vendors sign with the time too."""


def prove(client: WebClient, slack: SlackConfig) -> None:
    """Prove both tokens. Raises ConfigError with what to mend."""
    try:
        _try_tokens(client, slack)
    except _TROUBLES as error:
        raise ConfigError(_trouble(error, slack)) from error


def diagnose_slack(
    client: WebClient, slack: SlackConfig, *, machine_now: datetime
) -> list[Finding]:
    """Look at everything the bot needs of Slack. `machine_now` is what this machine's clock says."""
    try:
        answer = _try_tokens(client, slack)
    except _TROUBLES as error:
        return [_finding("access", Verdict.BROKEN, _trouble(error, slack))]
    reached = f"reaches the workspace {answer.get('team')} as {answer.get('user')}"
    return [
        _finding("access", Verdict.OK, reached),
        _scopes(answer),
        *_channels(client, slack),
        _clock(answer, machine_now),
    ]


def _try_tokens(client: WebClient, slack: SlackConfig) -> SlackResponse:
    answer = client.auth_test()
    if slack.mode == "socket" and slack.app_token:
        # A wrong one would be found out only when the socket is opened.
        client.apps_connections_open(app_token=slack.app_token.get_secret_value())
    return answer


def refused(response: Any) -> str:
    """What Slack refused and how to mend it, in words."""
    data: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
    code = data.get("error", f"status {response.status_code}")
    is_app_token = "apps.connections.open" in str(response.api_url)
    which = "slack.app_token" if is_app_token else "slack.bot_token"
    if code == "missing_scope":
        return f"Slack wants the scope {data.get('needed')} for {which}. Add it to the app and install it again."
    return f"Slack refused {which} ({code}). Copy it anew from the app's page and set it."


def _trouble(error: Exception, slack: SlackConfig) -> str:
    if isinstance(error, SlackApiError):
        return refused(error.response)
    return f"Slack cannot be reached at {slack.base_url}: {error}."


def _scopes(answer: SlackResponse) -> Finding:
    granted = {each.strip() for each in _header(answer, "x-oauth-scopes").split(",")}
    if missing := sorted(SCOPES - granted):
        told = f"lacks {', '.join(missing)}: add them to the app (manifest.yml has them all) and install it again"
        return _finding("scopes", Verdict.BROKEN, told)
    return _finding("scopes", Verdict.OK, f"has all {len(SCOPES)} scopes it needs")


def _channels(client: WebClient, slack: SlackConfig) -> Iterator[Finding]:
    named = {
        "team_channel": slack.team_channel,
        "admin_channel": slack.admin_channel,
    }
    for setting, channel_id in named.items():
        try:
            channel = client.conversations_info(channel=channel_id)["channel"]
        except SlackApiError as error:
            code = error.response.get("error")
            told = f"slack.{setting} = {channel_id} cannot be seen ({code}): copy the id anew, and invite the bot"
            yield _finding(setting, Verdict.BROKEN, told)
            continue
        trouble = _channel_trouble(channel)
        verdict = Verdict.BROKEN if trouble else Verdict.OK
        yield _finding(setting, verdict, f"#{channel.get('name')}{trouble or ' can be posted to'}")


def _channel_trouble(channel: Mapping[str, Any]) -> str:
    if channel.get("is_archived"):
        return " is archived: unarchive it, or name another"
    if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
        return " is shared with another organisation: nothing about accounts is posted there; name another"
    if not channel.get("is_member"):
        return " has not got the bot in it: type /invite @bellwether there"
    return ""


def _clock(answer: SlackResponse, machine_now: datetime) -> Finding:
    try:
        told_at = parsedate_to_datetime(_header(answer, "date"))
    except ValueError:
        return _finding("clock", Verdict.WARNING, "Slack did not say what time it is")
    skew = machine_now - told_at.replace(tzinfo=told_at.tzinfo or UTC)
    if abs(skew) > MOST_SKEW:
        way = "fast" if skew > timedelta(0) else "slow"
        told = f"this machine's clock is {abs(skew).total_seconds():.0f} s {way}: switch time synchronisation on"
        return _finding("clock", Verdict.BROKEN, told)
    return _finding("clock", Verdict.OK, "this machine's clock is right")


def _header(answer: SlackResponse, name: str) -> str:
    values = {key.lower(): value for key, value in answer.headers.items()}
    found = values.get(name, "")
    return str(found[0] if isinstance(found, list) else found)


def _finding(what: str, verdict: Verdict, told: str) -> Finding:
    return Finding(of="slack", what=what, verdict=verdict, told=told)
