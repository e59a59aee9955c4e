"""What the workspace answers when it will not do what it was asked."""

from typing import Any


class SlackError(Exception):
    """`code` is the platform's own word for it; `facts` stand beside it in the answer."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.code, **self.facts}


class UndeliveredError(Exception):
    """The app did not take a command, click or form in time; `reason` is what the person is told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
