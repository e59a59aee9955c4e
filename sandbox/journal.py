"""The sandbox's memory: an append-only file of JSON lines, replayed at the next start."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """One entry a line. A last line that a kill has torn is dropped, never half believed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab")

    def replay(self) -> Iterator[dict[str, Any]]:
        """Yield what was written before, oldest first, and cut off a torn last line."""
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield json.loads(line)
        self._file.truncate(whole)

    def append(self, entry: dict[str, Any]) -> None:
        """Write and flush, so that a reply never tells of something a kill could undo."""
        self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()
