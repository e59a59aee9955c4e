"""Faults on request: what may go wrong between an app and Slack, armed for a number of times."""

from dataclasses import dataclass, field
from typing import Any

SOCKET_KINDS = frozenset({"disconnect", "duplicate_delivery", "drop_socket"})
CALL_KINDS = frozenset({"drop", "ratelimited", "http_500", "html_200", "html_403", "slow"})
COMMITTED_KINDS = frozenset(
    f"commit_then_{how}" for how in ("drop", "cut", "500", "html", "fatal_error")
)
"""Slack does what it was asked, and its answer does not say so. `fatal_error`: "some aspect of the operation
succeeded" (docs.slack.dev, chat.postMessage)."""


@dataclass
class Fault:
    """`method` None is any method, `channel` None any channel."""

    kind: str
    method: str | None = None
    channel: str | None = None
    times: int = 1
    retry_after: int = 1  # seconds, for ratelimited
    seconds: float = 1.0  # for slow

    def __post_init__(self) -> None:
        known = SOCKET_KINDS | CALL_KINDS | COMMITTED_KINDS
        if self.kind not in known and not self.kind.startswith("error:"):
            raise ValueError(f"unknown kind of fault: {self.kind}")


@dataclass
class Faults:
    _armed: list[Fault] = field(default_factory=list)

    def arm(self, **wanted: Any) -> Fault:
        fault = Fault(**wanted)
        self._armed.append(fault)
        return fault

    def clear(self) -> None:
        self._armed.clear()

    def for_call(self, method: str, channel: str) -> Fault | None:
        """Use up one fault that fits this call."""
        for fault in self._armed:
            fits = fault.method in {None, method} and fault.channel in {None, channel}
            if fault.kind not in SOCKET_KINDS and fits:
                return self._spend(fault)
        return None

    def for_socket(self, kind: str) -> Fault | None:
        for fault in self._armed:
            if fault.kind == kind:
                return self._spend(fault)
        return None

    def _spend(self, fault: Fault) -> Fault:
        fault.times -= 1
        if fault.times <= 0:
            self._armed.remove(fault)
        return fault
