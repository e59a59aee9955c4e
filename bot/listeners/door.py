"""The door: whoever acts is admitted first, read in their own language, and answered whatever goes wrong.

Every listener is hung into the app through it, so that none can be reached around it.
"""

import inspect
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from re import Pattern
from typing import Any

import structlog
from slack_bolt import App, Args

from bot.answers import NO_ANSWER
from bot.blocks.found import render_denied, render_error, render_notice
from bot.blocks.home import as_home
from bot.blocks.kit import Message, message, section
from bot.blocks.reader import reading
from bot.deps import Deps
from bot.listeners.measuring import OUTCOME
from bot.services import addressing, admitting
from bot.services.errors import DeniedError, UserError
from scoring.members import Member, MemberId, Right
from storage import inbox

log = structlog.get_logger(__name__)

TOLD, HOUR = "slack:denied:", timedelta(hours=1)
"""Who was told in which hour that they are denied; forgotten with all else that Slack sent."""
WRITTEN = frozenset({"message", "app_mention"})

Listen = Callable[..., None]
"""Takes any of Bolt's arguments by name, and `member`: who acts."""


class Door:
    """Hangs listeners into the app. What a listener needs more than to see accounts is said with `needs`."""

    def __init__(self, app: App, deps: Deps) -> None:
        self._app, self._deps = app, deps

    def command(self, name: str, listen: Listen) -> None:
        """A command is acknowledged before any work."""
        self._app.command(name)(self._guarded(listen, acks=True))

    def action(self, action_id: str | Pattern[str], listen: Listen, **needs: Right) -> None:
        """A press is acknowledged before any work."""
        self._app.action(action_id)(self._guarded(listen, acks=True, **needs))

    def view(self, callback_id: str, listen: Listen, **needs: Right) -> None:
        """A modal stays open until the listener acknowledges, so that what went wrong can be shown in it."""
        self._app.view(callback_id)(self._guarded(listen, acks=False, **needs))

    def shortcut(self, callback_id: str, listen: Listen) -> None:
        self._app.shortcut(callback_id)(self._guarded(listen, acks=True))

    def options(self, action_id: str, listen: Listen) -> None:
        """The listener acknowledges with the options; whoever is denied gets none."""
        self._app.options(action_id)(self._guarded(listen, acks=False))

    def event(self, name: str, listen: Listen, *, matches: Callable[[Any], bool]) -> None:
        """Only what `matches` takes, by its argument `event`, is looked at: most of what is said in a channel is not meant for us."""
        self._app.event(name, matchers=[matches])(self._guarded(listen, acks=True))

    def _guarded(
        self, listen: Listen, *, acks: bool, needs: Right = Right.ACCOUNTS
    ) -> Callable[[Args], None]:
        """The listener behind the door.

        Nothing is left for Bolt's own error handler: it takes back the ack of a listener that fails
        soon after it, so that Slack waits for one in vain and says so to the person.
        """
        wanted = inspect.signature(listen).parameters

        def listener(args: Args) -> None:
            if acks:
                args.ack()
            try:
                member = self._admit(args, needs)
                given = {name: getattr(args, name) for name in wanted if name != "member"}
                with reading(addressing.reader_of(self._deps, member)):
                    listen(**given, **({"member": member} if "member" in wanted else {}))
            except UserError as error:
                _tell(args, message(str(error), [section(str(error))]), field=error.field)
            except DeniedError as error:
                args.context[OUTCOME] = "denied"
                if self._is_told_now(args, error.needs):
                    _tell(args, render_denied(error.needs))
            except Exception:
                args.context[OUTCOME] = "failed"
                ref = uuid.uuid4().hex[:6]
                log.exception("listener failed", ref=ref)
                _tell(args, render_error(ref))

        return listener

    def _admit(self, args: Args, needs: Right) -> Member:
        user, team = _who(args.body)
        return admitting.admit(
            self._deps, MemberId(user), what=_what(args.body), needs=needs, team_id=team
        )

    def _is_told_now(self, args: Args, needs: Right) -> bool:
        """Whether somebody who is denied hears it: who only writes hears it once an hour at most, all others always."""
        event = args.body.get("event") or {}
        if needs is not Right.ACCOUNTS or event.get("type") not in WRITTEN:
            return True
        now = self._deps.clock.now()
        last, this = (f"{TOLD}{event['user']}:{at:%Y-%m-%dT%H}" for at in (now - HOUR, now))
        with self._deps.db.write() as session:
            return not inbox.knows(session, last) and inbox.first_time(session, this, at=now)


def _who(body: Mapping[str, Any]) -> tuple[str, str]:
    """Who acts, and of which team as Slack says it with the press; empty: it does not say."""
    if "event" in body:
        event = body["event"]
        return str(event["user"]), str(event.get("user_team") or event.get("team") or "")
    if "user" in body:
        return str(body["user"]["id"]), str(body["user"].get("team_id") or "")
    return str(body["user_id"]), str(body.get("team_id") or "")


def _what(body: Mapping[str, Any]) -> str:
    """What was done, for the audit trail: its name only, never what somebody wrote."""
    if body.get("actions"):
        return str(body["actions"][0]["action_id"])
    if body.get("view") and body.get("type") == "view_submission":
        return str(body["view"]["callback_id"])
    event = body.get("event") or {}
    named = (body.get("command"), body.get("callback_id"), body.get("action_id"), event.get("type"))
    return str(next((each for each in named if each), body.get("type", "")))


def _tell(args: Args, answer: Message, *, field: str = "") -> None:
    """Tell it, if Slack lets us: an error in here would take the ack back as well."""
    try:
        _show(args, answer, field=field)
    except NO_ANSWER as error:
        log.warning("nobody could be told", what=_what(args.body), error=type(error).__name__)


def _show(args: Args, answer: Message, *, field: str) -> None:
    """Where the person looks: in the modal that was sent, in the conversation, else in a modal of its own."""
    body = args.body
    event, kind = body.get("event") or {}, body.get("type")
    if kind == "block_suggestion":
        args.ack(options=[])
    elif kind == "view_submission":
        _tell_in_modal(args, answer, field)
    elif body.get("response_url"):
        args.respond(
            text=answer.text,
            blocks=answer.blocks,
            response_type="ephemeral",
            replace_original=False,
        )
    elif event.get("type") in WRITTEN:
        args.client.chat_postEphemeral(
            channel=event["channel"],
            user=event["user"],
            thread_ts=event.get("thread_ts"),
            text=answer.text,
            blocks=answer.blocks,
        )
    elif event.get("type") == "app_home_opened":
        args.client.views_publish(user_id=event["user"], view=as_home(answer))
    elif body.get("trigger_id"):
        is_in_modal = (body.get("view") or {}).get("type") == "modal"
        show = args.client.views_push if is_in_modal else args.client.views_open
        show(trigger_id=body["trigger_id"], view=render_notice(answer))


def _tell_in_modal(args: Args, answer: Message, field: str) -> None:
    """At the field, or at the first one; a modal without any shows it instead of what it showed."""
    fields = [each["block_id"] for each in args.body["view"]["blocks"] if each["type"] == "input"]
    if fields:
        at = field if field in fields else fields[0]
        args.ack(response_action="errors", errors={at: answer.text})
    else:
        args.ack(response_action="update", view=render_notice(answer))
