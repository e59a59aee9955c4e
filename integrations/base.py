"""What every source is: settings, a check of its credentials, and a pull by cursor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, JsonValue

from scoring.records import Kind, Record, UsageDays

# In a setting's json_schema_extra: it has a default, but most will need it all the same, so `init` asks for it.
ASKED: dict[str, JsonValue] = {"asked": True}

# What an adapter wants back next time, as JSON: opaque to everybody else.
Cursor = Mapping[str, Any]


class SourceError(Exception):
    """A source could not be read. The sentence names what is wrong and how to mend it; never a secret."""


class SourceDownError(SourceError):
    """The source is unreachable, slow or limiting us. The next pull may work."""


class SourceAuthError(SourceError):
    """The credentials were refused, or lack a permission. Only a person can mend it."""


class SourceForbiddenError(SourceAuthError):
    """The credentials are right, but a permission or the plan lacks what was asked for."""


class SourceDataError(SourceError):
    """The source answered in a shape we do not understand, or cut its answer short. Nothing of it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One record of a vendor's that could not be read; it is kept aside, the rest of its page is taken.

    `what` is the kind and id ("ticket 4711"), `problem` names the field and what is wrong with it,
    `raw` is the record as it came, cut to 2,000 characters.
    """

    what: str
    problem: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of a pull, and the cursor that follows it: both are stored in one transaction.

    `usage` may be read once and only until the next page is asked for. `requests` is how many
    calls to the vendor it took, retries among them. `read` is how many of the vendor's records it was
    made of (events before they were reduced), 0: as many as it has records. `progress` is the share of this pull that is
    done, 0 to 1, None where nobody can know. `as_of` is the instant all that was told so far holds for,
    None: the instant of the pull; a file that was written last week tells of last week.
    """

    cursor: Cursor
    records: tuple[Record, ...] = ()
    usage: UsageDays | None = None
    rejected: tuple[Rejected, ...] = ()
    requests: int = 0
    read: int = 0
    progress: float | None = None
    as_of: datetime | None = None


class Clock(Protocol):
    """Time, handed in: the instant it is, and a way to let some pass."""

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> None: ...


class Source(Protocol):
    """One vendor, ready to be read. `tells` is what these settings make it tell."""

    name: str
    tells: frozenset[Kind]

    def check(self) -> str:
        """Prove the credentials with one cheap request. Returns what was reached, in words.

        Raises SourceAuthError, SourceDownError or SourceDataError.
        """

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Yield what came since `cursor` (None: everything from the start), page by page.

        The caller stores a page and its cursor in one transaction before it asks for the next, so a
        pull that was cut short goes on at the page it lost. Reading an overlap again is harmless.
        Raises a SourceError; pages yielded before it stand.
        """

    def cursor_since(self, since: datetime) -> Cursor | None:
        """The cursor from which a pull reads again what happened or changed since; None: everything.

        At least that: a vendor that cannot be asked for less than everything is asked for everything.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A vendor that can be a source.

    `tells` is all it can tell, `told_by` what it tells by these settings (None: always all).
    `warns` says in a sentence what of these settings will stop working, None: nothing.
    `every` is how often it is read unless configured; `stale_after` how old its last complete
    answer may be, None: two missed reads and an hour.
    """

    title: str
    tells: frozenset[Kind]
    every: timedelta
    settings: type[BaseModel]
    open: Callable[[Any, Clock, bytes], Source]
    told_by: Callable[[Any], frozenset[Kind]] | None = None
    warns: Callable[[Any], str | None] = lambda _settings: None
    stale_after: timedelta | None = None
