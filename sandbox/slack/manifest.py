"""What the app's manifest grants it: read from manifest.yml by eye, so that the sandbox needs no YAML library."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Manifest:
    """None means that there is no manifest: then everything is granted."""

    scopes: frozenset[str] | None = None
    events: frozenset[str] | None = None
    commands: frozenset[str] | None = None
    has_home: bool = True
    escapes_commands: bool = True


def read_manifest(path: Path) -> Manifest:
    """What the file does not list is not granted, as on the platform."""
    if not path.exists():
        return Manifest()
    text = path.read_text(encoding="utf-8")
    return Manifest(
        scopes=_listed(text, "bot"),
        events=_listed(text, "bot_events"),
        commands=frozenset(re.findall(r"command:\s*[\"']?(/[\w-]+)", text)),
        has_home=_is_on(text, "home_tab_enabled"),
        escapes_commands=_is_on(text, "should_escape"),
    )


def _is_on(text: str, key: str) -> bool:
    return re.search(rf"^\s*{key}:\s*true\b", text, re.MULTILINE) is not None


def _listed(text: str, key: str) -> frozenset[str]:
    """The entries of a block list under a key, comments dropped."""
    found = re.search(
        rf"^ *{key}:[^\n]*\n((?: *(?:-[^\n]*|#[^\n]*)?\n)+)", text + "\n", re.MULTILINE
    )
    entries = found[1] if found else ""
    return frozenset(re.findall(r"^\s*-\s*[\"']?([\w:.]+)", entries, re.MULTILINE))
