"""Everything the parts of the stand-in share."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.slack.faults import Faults
from sandbox.slack.manifest import Manifest
from sandbox.slack.modals import Modals
from sandbox.slack.pace import Limits, Pace
from sandbox.slack.passes import Passes
from sandbox.slack.socket import Socket
from sandbox.slack.workspace import Workspace

Options = dict[str, dict[str, Any]]


@dataclass
class World:
    """`url` is where the sandbox is reached, without a slash at its end. `deliver` sends the couriers out.

    `offers` holds what the app put into menus it fills: by person and action_id, the options by value.
    `unfurl_ids` say which message an event about links was for: its channel and ts.
    """

    url: str
    home: Path
    workspace: Workspace
    deliver: Callable[[datetime], None] = lambda _now: None
    courier_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=Manifest)
    modals: Modals = field(default_factory=Modals)
    passes: Passes = field(default_factory=Passes)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    files_ready_at: dict[str, float] = field(default_factory=dict)
    offers: defaultdict[tuple[str, str], Options] = field(default_factory=lambda: defaultdict(dict))
    unfurl_ids: dict[str, tuple[str, str]] = field(default_factory=dict)
    pace: Pace = field(init=False)
    limits: Limits = field(init=False)
    socket: Socket = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(self.clock)
        self.limits = Limits(self.clock)
        self.socket = Socket(self.passes, self.faults)

    @property
    def clock(self) -> Clock:
        return self.workspace.clock

    def offers_to(self, user: str) -> dict[str, Options]:
        """What one person may choose in menus that the app fills, by action_id."""
        return {
            action: options for (whose, action), options in self.offers.items() if whose == user
        }

    def response_url(self, token: str) -> str:
        return f"{self.url}/slack/response/{token}"
