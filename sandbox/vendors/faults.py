"""Faults: how a vendor misbehaves when a test or the demo asks for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

KINDS = frozenset(
    {
        "down",
        "unauthorized",
        "forbidden",
        "ratelimited",
        "truncated",
        "html",
        "malformed_record",
        "lossy",  # a broken tracking release: from now on every second event is never sent
    }
)


@dataclass(slots=True)
class Fault:
    """`times` requests misbehave, or, with `until`, all up to that instant of the story. `armed_at` is when it began."""

    kind: str
    times: int
    until: datetime | None
    retry_after: int
    armed_at: datetime


@dataclass(slots=True)
class Faults:
    """The faults in wait, by vendor, first armed first served."""

    vendors: Collection[str]
    _armed: dict[str, list[Fault]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def arm(self, order: Mapping[str, Any], now: datetime) -> None:
        """Arm what `{"vendor", "kind", "times"?, "seconds"?, "retry_after"?}` says; `kind` "none" disarms.

        Raises ValueError for a vendor or a kind that does not exist.
        """
        vendor, kind = str(order["vendor"]), str(order["kind"])
        if vendor not in self.vendors:
            raise ValueError(f"no such vendor: {vendor!r}; there are {', '.join(self.vendors)}")
        if kind == "none":
            with self._lock:
                self._armed.pop(vendor, None)
            return
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(KINDS))}")
        seconds = order.get("seconds")
        until = None if seconds is None else now + timedelta(seconds=float(seconds))
        fault = Fault(
            kind, int(order.get("times", 1)), until, int(order.get("retry_after", 1)), now
        )
        with self._lock:
            self._armed.setdefault(vendor, []).append(fault)

    def take(self, vendor: str, now: datetime) -> Fault | None:
        """The fault that this request meets, if any."""
        with self._lock:
            waiting = [
                one
                for one in self._armed.get(vendor, [])
                if one.times > 0 and (one.until is None or now < one.until)
            ]
            self._armed[vendor] = waiting
            if not waiting:
                return None
            if waiting[0].until is None:
                waiting[0].times -= 1
            return waiting[0]
