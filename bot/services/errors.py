"""The errors that are meant for the person who asked."""

from scoring.members import Right


class UserError(Exception):
    """Something the asker can mend. The sentence is mrkdwn and is shown to the asker alone.

    `field` is the block_id of the modal's field that is at fault; empty: none in particular.
    """

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class DeniedError(Exception):
    """The person may not do this: `needs` is the right they lack."""

    def __init__(self, member: str, needs: Right = Right.ACCOUNTS) -> None:
        super().__init__(member)
        self.needs = needs
