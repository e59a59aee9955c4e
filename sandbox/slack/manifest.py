"""What the app's manifest grants it: read from manifest.yml by eye, so that the sandbox needs no YAML library."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """`kind` is global, or message for one in the menu of every message."""

    callback_id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """None means that there is no manifest: then everything is granted."""

    scopes: frozenset[str] | None = None
    events: frozenset[str] | None = None
    commands: frozenset[str] | None = None
    shortcuts: tuple[Shortcut, ...] | None = None
    unfurl_domains: frozenset[str] | None = None
    has_home: bool = True
    is_read_only: bool = False  # the conversation with the app: people may only read there
    escapes_commands: bool = True

    def subscribes(self, event: str) -> bool:
        return self.events is None or event in self.events

    def has_shortcut(self, callback_id: str, kind: str) -> bool:
        if self.shortcuts is None:
            return True
        return any((each.callback_id, each.kind) == (callback_id, kind) for each in self.shortcuts)

    def unfurls(self, host: str) -> str | None:
        """The registered domain a host belongs to, itself or above it. None when there is none."""
        if self.unfurl_domains is None:
            return host
        found = (each for each in self.unfurl_domains if f".{host}".endswith(f".{each}"))
        return max(found, key=len, default=None)


def read_manifest(path: Path) -> Manifest:
    """What the file does not list is not granted, as on the platform."""
    if not path.exists():
        return Manifest()
    text = path.read_text(encoding="utf-8")
    return Manifest(
        scopes=_listed(text, "bot"),
        events=_listed(text, "bot_events"),
        commands=frozenset(re.findall(r"command:\s*[\"']?(/[\w-]+)", text)),
        shortcuts=tuple(_shortcut(entry) for entry in _entries(text, "shortcuts")),
        unfurl_domains=_listed(text, "unfurl_domains"),
        has_home=_is_on(text, "home_tab_enabled"),
        is_read_only=_is_on(text, "messages_tab_read_only_enabled"),
        escapes_commands=_is_on(text, "should_escape"),
    )


def _is_on(text: str, key: str) -> bool:
    return re.search(rf"^\s*{key}:\s*true\b", text, re.MULTILINE) is not None


def _listed(text: str, key: str) -> frozenset[str]:
    """The words of a block list."""
    return frozenset(_bare(entry) for entry in _entries(text, key))


def _shortcut(entry: str) -> Shortcut:
    facts = {name: _bare(rest) for name, rest in re.findall(r"^ *(\w+):(.*)$", entry, re.MULTILINE)}
    return Shortcut(callback_id=facts["callback_id"], name=facts["name"], kind=facts["type"])


def _entries(text: str, key: str) -> list[str]:
    """The entries of the block list under a key, each without its dash."""
    lines = iter(text.splitlines())
    opening = re.compile(rf"^( *){key}:\s*(?:#.*)?$")
    indent = next((len(found[1]) for line in lines if (found := opening.match(line))), None)
    entries: list[str] = []
    for line in lines if indent is not None else ():
        bare = line.lstrip()
        if not bare or bare.startswith("#"):
            continue
        deep = len(line) - len(bare)
        if deep < (indent or 0) or (deep == indent and not bare.startswith("-")):
            break
        if bare.startswith("-"):
            entries.append(bare.removeprefix("-"))
        elif entries:
            entries[-1] += "\n" + bare
    return entries


def _bare(value: str) -> str:
    """A scalar without its quotes, or without the comment behind it."""
    quoted = re.match(r"""\s*(["'])(.*?)\1""", value)
    return quoted[2] if quoted else re.sub(r"\s+#.*", "", value).strip()
