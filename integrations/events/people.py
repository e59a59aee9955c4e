"""Event people: whose account each person is of, read from Mixpanel's profiles into a file that DuckDB joins.

Source: POST /api/query/engage on the query host of the region (Mixpanel developer docs, "Query Profiles"):
1,000 profiles a page, 60 requests an hour, nothing that tells what changed. So the whole list is read once a
day, some pages a pull; a list begun is gone on with, and until it is whole the one before it serves.
"""

import json
import shutil
import weakref
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from integrations.base import Rejected, SourceDownError
from integrations.http import Http, RefusedError
from integrations.payload import Pages, parse, take_each
from integrations.people import account_ref_of

_PAGES_A_PULL = 50  # of 60 requests an hour
_TITLE = "Mixpanel"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


class _Profile(BaseModel):
    distinct_id: Annotated[str, BeforeValidator(_text)] = Field(alias="$distinct_id", min_length=1)
    properties: Mapping[str, Any] = Field(alias="$properties")


class _Answer(BaseModel):
    results: list[Any]
    page_size: int = Field(ge=1)
    session_id: str | None = None
    total: int = Field(default=0, ge=0)


class _List:
    """A list of profiles that is being read into a file, which goes when the list does."""

    def __init__(self, begun_on: date) -> None:
        self.begun_on, self.is_whole = begun_on, False
        self.page, self.session, self.pages = 0, "", Pages(_TITLE)
        self.read = self.total = 0
        folder = mkdtemp(prefix="bellwether-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = Path(folder) / "people.json"
        self.path.touch()


class People:
    """Which account each person is of. It stays on disk as long as the source does."""

    def __init__(self, http: Http, *, project_id: int, account_property: str) -> None:
        self._http, self._property = http, account_property
        self._path = f"api/query/engage?project_id={project_id}"
        self._wanted = json.dumps([account_property, "$email"])
        self._known: _List | None = None
        self._growing: _List | None = None

    def check(self) -> None:
        """Ask for the profile of nobody, to see that profiles may be read."""
        self._ask({"distinct_id": "nobody"})

    def refresh(self, now: datetime) -> tuple[Rejected, ...]:
        """Read the list, or some of it, unless today's is there. Raises SourceDownError while there is none at all."""
        if self._known is not None and self._known.begun_on == now.date():
            return ()
        growing = self._growing = self._growing or _List(now.date())
        try:
            rejected = self._grow(growing)
        except RefusedError:
            self._growing = None  # the vendor may have forgotten where we were
            raise
        if growing.is_whole:
            self._known, self._growing = growing, None
        elif self._known is None:
            raise SourceDownError(
                f"{_TITLE}'s profiles are still being read: {growing.read:,} of {growing.total:,}."
                " The next pull goes on."
            )
        return rejected

    @property
    def file(self) -> Path | None:
        return self._known.path if self._known is not None else None

    def _grow(self, growing: _List) -> tuple[Rejected, ...]:
        rejected: list[Rejected] = []
        for _ in range(_PAGES_A_PULL):
            place = {"page": str(growing.page), "session_id": growing.session}
            answer = self._ask(place if growing.page else {})
            rejected += self._keep(growing, answer.results)
            growing.session, growing.total = answer.session_id or growing.session, answer.total
            growing.page += 1
            is_last = len(answer.results) < answer.page_size
            if growing.pages.turn(answer.results, None if is_last else str(growing.page)) is None:
                growing.is_whole = True
                break
        return tuple(rejected)

    def _keep(self, growing: _List, rows: list[Any]) -> tuple[Rejected, ...]:
        lines: list[str] = []

        def keep(profile: _Profile) -> None:
            if account := self._account(profile.properties):
                told = {"person": _sound(profile.distinct_id), "account": _sound(account)}
                lines.append(json.dumps(told) + "\n")

        rejected = take_each(rows, _Profile, keep, kind="profile")
        with growing.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
        growing.read += len(rows)
        return rejected

    def _account(self, properties: Mapping[str, Any]) -> str | None:
        """What a profile says of the account: an id, several as a JSON list, else the domain of the e-mail address."""
        given, email = properties.get(self._property), properties.get("$email")
        if isinstance(given, list):
            refs = [str(each) for each in given if isinstance(each, str | int)]
            return json.dumps(refs, ensure_ascii=False) if refs else None
        if isinstance(given, str | int | float) and str(given):
            return str(given)
        return account_ref_of(email) if isinstance(email, str) else None

    def _ask(self, more: Mapping[str, str]) -> _Answer:
        form = {"output_properties": self._wanted, "page_size": "1000", **more}
        return parse(self._http.post_form(self._path, form, signed=True), _Answer, title=_TITLE)


def _sound(text: str) -> str:
    """The text without half characters, which no JSON reader takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
