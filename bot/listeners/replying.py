"""Replying: what a command or a press answers, to this person alone, and its picture as soon as there is one."""

from collections.abc import Callable

import structlog
from slack_bolt import Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.answers import code_of
from bot.blocks import limits
from bot.blocks.kit import Block, File, Message
from bot.blocks.sharing import with_share
from bot.deps import Pictures
from bot.services.errors import UserError
from bot.services.picturing import PictureRefusedError
from scoring.members import MemberId

log = structlog.get_logger(__name__)

Send = Callable[[File], None]


def reply(
    respond: Respond,
    message: Message,
    *,
    pictures: Pictures | None = None,
    send: Send | None = None,
    replace: bool = False,
) -> None:
    """Answer, in the place of the message that was pressed if `replace`. What may be shared gets a button for it.

    No answer waits for its picture. One that is not there yet follows in a message of its own: Slack
    changes the answer to a command never again. A file is sent first, for the answer says where it is.
    """
    shown = with_share(message)
    if message.file:
        if send is None:
            raise ValueError("a file is answered here, and nobody sends it")
        send(message.file)
    chart = message.chart
    if chart is None or pictures is None:
        _send(respond, message.text, shown.blocks, replace=replace)
        return
    file_id = pictures.ready(chart)
    if file_id:
        try:
            blocks = _with_picture(shown.blocks, chart.image(file_id))
            _send(respond, message.text, blocks, replace=replace)
        except PictureRefusedError:
            pictures.forget(chart, file_id)
        else:
            return
    _send(respond, message.text, shown.blocks, replace=replace)

    def follow(picture: Block | None) -> None:
        if picture:
            _send(respond, chart.alt, [picture])

    pictures.order(chart, follow)


def to_direct_messages(client: WebClient, member: MemberId) -> Send:
    """Sends a file to somebody's direct messages with the app, where nobody else reads. Raises UserError where Slack refuses."""

    def send(file: File) -> None:
        try:
            room = str(client.conversations_open(users=[member])["channel"]["id"])
            client.files_upload_v2(
                file=file.content, filename=file.name, title=file.name, channel=room
            )
        except SlackApiError as error:
            log.warning("a file could not be sent", reason=code_of(error))
            raise UserError(
                f"Slack did not take the file ({code_of(error)}), so you have none. Try again; if it stays so, "
                "give the word in brackets to whoever runs me."
            ) from error

    return send


def _with_picture(blocks: list[Block], picture: Block) -> list[Block]:
    """Below what is said first: the header, and the number with its reason."""
    return limits.fit([*blocks[:2], picture, *blocks[2:]], "message")


def _send(respond: Respond, text: str, blocks: list[Block], *, replace: bool = False) -> None:
    """Raises PictureRefusedError where Slack does not take the blocks."""
    answer = respond(
        text=text,
        blocks=blocks,
        response_type="ephemeral",
        replace_original=replace,
        unfurl_links=False,
        unfurl_media=False,
    )
    if "invalid_blocks" in answer.body:
        raise PictureRefusedError
    if answer.body != "ok":
        log.warning("Slack took no answer", status=answer.status_code, body=answer.body[:200])
