"""Measuring: how long people wait for an answer, by what they asked for and never by what they wrote."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.listener.listener_completion_handler import ListenerCompletionHandler
from slack_bolt.middleware import Middleware

from bot.tallies import Tallies

OUTCOME = "outcome"
"""A listener that denies or fails leaves the word for it under this name in Bolt's context."""

BEGAN = "measuring_began"


def register(app: App, tallies: Tallies, *, words: Collection[str]) -> None:
    """Measure every listener of the app. `words` are those that may follow a command."""
    runner = app.listener_runner
    app.use(_Beginning())
    runner.listener_completion_handler = _Ending(
        tallies, frozenset(words), runner.listener_completion_handler
    )


class _Beginning(Middleware):
    """A listener may wait for a free thread: that counts too."""

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's signature
        next: Callable[[], BoltResponse],  # noqa: A002
    ) -> BoltResponse | None:
        req.context[BEGAN] = time.monotonic()
        return next()


class _Ending(ListenerCompletionHandler):
    def __init__(
        self, tallies: Tallies, words: frozenset[str], then: ListenerCompletionHandler
    ) -> None:
        self._tallies, self._words, self._then = tallies, words, then

    def handle(self, request: BoltRequest, response: BoltResponse | None) -> None:
        what = what_of(request.body, self._words)
        if began := request.context.get(BEGAN):
            self._tallies.took(what, time.monotonic() - began)
        if outcome := request.context.get(OUTCOME):
            self._tallies.count(str(outcome), what)
        self._then.handle(request, response)


def what_of(body: Mapping[str, Any], words: Collection[str]) -> str:
    """The name of what was asked for. After a command only a known word is told: anything else is an account's name."""
    if "command" in body:
        typed = str(body.get("text") or "").split(maxsplit=1)
        word = typed[0].lower() if typed else ""
        return f"{body['command']} {word if word in words else 'name' if word else ''}".strip()
    if body.get("actions"):
        return str(body["actions"][0]["action_id"])
    inner = body.get("view") or body.get("event") or body
    names = (inner.get("callback_id"), body.get("action_id"), inner.get("type"))
    return str(next((each for each in names if each), "other"))
