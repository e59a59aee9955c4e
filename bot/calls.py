"""Calls of Slack's API, counted: by method, how they ended, and whether they were made again."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from bot.answers import NO_ANSWER, code_of
from bot.tallies import Tallies

_WORD = re.compile(r"[a-z0-9_]{1,60}")
_NONE = "no answer"


class CountingHandler(RetryHandler):
    """Sees every attempt of a client and of Bolt's copies of it, and asks for no other one. Must stand first."""

    def __init__(self, tallies: Tallies) -> None:
        super().__init__()
        self._tallies = tallies

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - the SDK's signature
    ) -> bool:
        method = urlsplit(request.url).path.rpartition("/")[2]
        self._tallies.count("slack_calls", method, _result(response))
        if state.current_attempt:
            self._tallies.count("slack_retries", method)
        return False


class CountedClient(WebClient):
    """A client without retry handlers: with one, half an answer would be an error that nobody expects."""

    def __init__(self, *args: Any, tallies: Tallies, **options: Any) -> None:
        super().__init__(*args, **options)
        self._tallies = tallies

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        try:
            answer = super().api_call(api_method, **options)
        except SlackApiError as error:
            self._tallies.count("slack_calls", api_method, code_of(error))
            raise
        except NO_ANSWER:
            self._tallies.count("slack_calls", api_method, _NONE)
            raise
        self._tallies.count("slack_calls", api_method, "ok")
        return answer


def _result(response: HttpResponse | None) -> str:
    """ok, Slack's own word, or the status where there is none."""
    if response is None:
        return _NONE
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return "ratelimited"
    body = response.body or {}
    if body.get("ok"):
        return "ok"
    told = str(body.get("error", ""))
    return told if _WORD.fullmatch(told) else f"status {response.status_code}"
