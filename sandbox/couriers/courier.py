"""What a courier is: something that brings data without being asked over HTTP."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.story import Story


class Courier:
    """Brings one kind of thing into a folder of the sandbox's home."""

    name: str

    def __init__(self, story: Story, home: Path) -> None:
        self.story, self.home = story, home

    def settings(self) -> dict[str, Any]:
        """What the source's section of a configuration says to find what is brought."""
        raise NotImplementedError

    def deliver(self, now: datetime) -> None:
        """Bring what there is by now. Called at the start and after every move of the clock; cheap when nothing is new."""
        raise NotImplementedError
