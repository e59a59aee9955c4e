"""The errors that are meant for the person who asked."""


class UserError(Exception):
    """Something the asker can mend. The sentence is mrkdwn and is shown to the asker alone.

    `field` is the block_id of the modal's field that is at fault; empty: none in particular.
    """

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class DeniedError(Exception):
    """The person may not see accounts."""
