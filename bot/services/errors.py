"""The errors that are meant for the person who asked."""


class UserError(Exception):
    """Something the asker can mend. The sentence is mrkdwn and is shown to the asker alone."""


class DeniedError(Exception):
    """The person may not see accounts."""
