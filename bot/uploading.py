"""Uploading: a picture to Slack as a file of the app's own, in no channel, and the wait until a message can show it."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.answers import NO_ANSWER, Meaning, code_of, meaning_of
from bot.services.picturing import PictureUnavailableError

WAITS_S = (0.0, 0.2, 0.4, 0.8, 1.6, 2.0)
"""Slack looks at an upload before it shows it, which takes a second or so for a small picture."""

_GONE = frozenset({"file_deleted", "file_not_found"})
_PASSING = frozenset({Meaning.WAIT, Meaning.UNKNOWN})


@dataclass(frozen=True, slots=True)
class SlackFiles:
    """`client` had better not retry by itself: whoever waits for a picture is shown something else at once."""

    client: WebClient

    def upload(self, png: bytes, *, name: str) -> str:
        """Upload a picture; nothing but the message that shows it says whose it is. Returns the file's id. Needs files:write. Raises PictureUnavailableError."""
        try:
            # An address, the bytes, completion. Without a channel only the app may use the file.
            answer = self.client.files_upload_v2(file=png, filename=name, title=name)
        except NO_ANSWER as error:
            raise _unavailable(error) from error
        return str(answer["files"][0]["id"])

    def is_usable(self, file_id: str, *, pause: Callable[[float], bool]) -> bool:
        """Wait a few seconds until Slack has looked at the file. Needs files:read. Raises PictureUnavailableError.

        `pause` waits for so many seconds, and returns True when there is no more time.
        """
        for wait in WAITS_S:
            if pause(wait):
                return False
            try:
                file = self.client.files_info(file=file_id)["file"]
            except NO_ANSWER as error:
                if isinstance(error, SlackApiError) and code_of(error) in _GONE:
                    return False
                raise _unavailable(error) from error
            if file.get("mimetype"):
                return True
        return False


def _unavailable(error: Exception) -> PictureUnavailableError:
    """What keeps us from uploading passes by itself, unless Slack has a word for it that does not."""
    if isinstance(error, SlackApiError):
        return PictureUnavailableError(code_of(error), lasting=meaning_of(error) not in _PASSING)
    return PictureUnavailableError(type(error).__name__, lasting=False)
