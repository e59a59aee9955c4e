"""Apologising: whoever asked hears of it when they cannot be answered, whatever the reason."""

import inspect
import uuid
from collections.abc import Callable

import structlog
from slack_bolt import Args

from bot.blocks.found import render_denied, render_error
from bot.blocks.kit import Message, message, section
from bot.services.errors import DeniedError, UserError

log = structlog.get_logger(__name__)


def apologetic(listen: Callable[..., None]) -> Callable[[Args], None]:
    """The listener, with an answer in the place of every error.

    Nothing is left for Bolt's own error handler: it takes back the ack of a listener that fails
    soon after it, so that Slack waits for one in vain and says so to the person.
    """
    wanted = inspect.signature(listen).parameters

    def listener(args: Args) -> None:
        try:
            listen(**{name: getattr(args, name) for name in wanted})
        except UserError as error:
            _tell(args, message(str(error), [section(str(error))]), field=error.field)
        except DeniedError:
            _tell(args, render_denied())
        except Exception:
            ref = uuid.uuid4().hex[:6]
            log.exception("listener failed", ref=ref)
            _tell(args, render_error(ref))

    return listener


def _tell(args: Args, answer: Message, *, field: str = "") -> None:
    """In the modal that was sent, at its field or at the first one; else to this person alone."""
    if args.view and args.body["type"] == "view_submission":
        fields = [each["block_id"] for each in args.view["blocks"] if each["type"] == "input"]
        args.ack(
            response_action="errors",
            errors={field if field in fields else fields[0]: answer.text},
        )
    elif args.body.get("response_url") or args.body.get("response_urls"):
        args.respond(
            text=answer.text,
            blocks=answer.blocks,
            response_type="ephemeral",
            replace_original=False,
        )
