"""Payloads: what a vendor sent, made typed or refused, record by record."""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ValidationError

from integrations.base import Rejected, SourceDataError
from scoring.records import Record

RAW_MAX = 2_000
_EXPLANATION_MAX = 300
# Stripe names the missing permission in prose only.
_PERMISSION = re.compile(r"\brak_[a-z_]+\b")

# What happened at a customer happened within these; 1970 and 2100 are clocks gone wrong.
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

# What stands before the @: whoever looks at a record to mend it needs to know no person.
_ADDRESS = re.compile(r"[\w.+-]+@(?=[\w-]+\.)")

Model = TypeVar("Model", bound=BaseModel)


def plausible(at: datetime) -> datetime:
    """The instant in UTC. Raises ValueError for one no customer's data can have; a naive one is UTC."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if not _EARLIEST <= aware < _LATEST:
        raise ValueError(f"the year {aware.year} cannot be right")
    return aware


def from_unix(seconds: float) -> datetime:
    """An instant from seconds since 1970. Raises ValueError for one that cannot be right."""
    try:
        return plausible(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds!r} is no instant") from error


# An instant in a vendor's JSON: with a time zone, and of a year that can be right.
Instant = Annotated[AwareDatetime, AfterValidator(plausible)]


def parse_json(body: bytes, *, title: str) -> Any:
    """The JSON in `body`. NaN, endless numbers, bottomless nesting and broken text are refused."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SourceDataError(
            f"{title} answered with something that is not JSON ({len(body)} bytes), or cut its answer short."
        ) from error


def gunzip(body: bytes, *, title: str, max_bytes: int) -> bytes:
    """The whole of a gzipped body, of one member or several. A cut one is refused, and so is a bomb."""
    out = bytearray()
    while body:
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(body, max_bytes - len(out) + 1)
        except zlib.error as error:
            raise SourceDataError(f"{title} sent a damaged gzip body.") from error
        if len(out) > max_bytes:
            raise SourceDataError(f"{title} sent more than {max_bytes:,} bytes in one answer.")
        if not member.eof:
            raise SourceDataError(f"{title} cut its answer short (gzip without an end).")
        body = member.unused_data
    return bytes(out)


def read_each(
    rows: Iterable[Any], model: type[Model], tell: Callable[[Model], Iterable[Record]], *, kind: str
) -> tuple[tuple[Record, ...], tuple[Rejected, ...]]:
    """Every row as records; a row that cannot be read is rejected alone."""
    records: list[Record] = []

    def keep(row: Model) -> None:
        records.extend(tell(row))

    rejected = take_each(rows, model, keep, kind=kind)
    return tuple(records), rejected


def take_each(
    rows: Iterable[Any], model: type[Model], take: Callable[[Model], None], *, kind: str
) -> tuple[Rejected, ...]:
    """Hand every row that is a `model` to `take`; what is none, or what `take` refuses with a ValueError, comes back."""
    rejected: list[Rejected] = []
    for row in rows:
        try:
            take(model.model_validate(row))
        except ValueError as error:  # pydantic's ValidationError is one
            rejected.append(_rejected(row, error, kind))
    return tuple(rejected)


def parse(body: Any, model: type[Model], *, title: str) -> Model:
    """One answer as `model`, for what has to be right as a whole. Raises SourceDataError."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise SourceDataError(
            f"{title} answered in a shape we do not know: {_problem(error)}."
        ) from error


def explain(body: bytes) -> str:
    """What an error answer says in words, with the scopes it asks for; "" when it says nothing."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    inner = next(
        (each for key in ("error", "meta") if isinstance(each := answer.get(key), dict)), {}
    )
    texts = [*_texts(inner)] or [*_texts(answer)] or [*_listed(inner)] or [*_listed(answer)]
    scopes = [*dict.fromkeys(_scopes(answer) + _PERMISSION.findall(" ".join(texts)))]
    needs = f" (needs {', '.join(scopes)})" if scopes else ""
    return (" ".join(texts)[:_EXPLANATION_MAX] + needs).strip()


def _texts(answer: dict[str, Any]) -> Iterator[str]:
    for key in ("error", "title", "message", "description", "detail", "error_description"):
        if isinstance(text := answer.get(key), str) and text:
            yield text


def _listed(answer: dict[str, Any]) -> Iterator[str]:
    """A list of errors as Intercom, SendGrid and Typeform write them: each one's words, and its code or field."""
    errors = answer.get("errors")
    for error in errors if isinstance(errors, list) else ():
        named = error if isinstance(error, dict) else {"message": error}
        text = next(_texts(named), "").removesuffix(".")
        about = [each for key in ("code", "field") if isinstance(each := named.get(key), str)]
        if words := f"{text} ({', '.join(about)})" if text and about else text or ", ".join(about):
            yield f"{words.removesuffix('.')}."


def _scopes(answer: dict[str, Any]) -> list[str]:
    """HubSpot's list of the scopes a call needs: errors[].context.required…Scopes."""
    found: list[str] = []
    errors = answer.get("errors")
    for error in errors if isinstance(errors, list) else ():
        context = error.get("context") if isinstance(error, dict) else None
        for key, scopes in context.items() if isinstance(context, dict) else ():
            if "scopes" in key.lower() and isinstance(scopes, list):
                found += [str(each) for each in scopes]
    return found


def _rejected(row: Any, error: ValueError, kind: str) -> Rejected:
    ident = row.get("id") if isinstance(row, dict) else None
    problem = _problem(error) if isinstance(error, ValidationError) else str(error)
    raw = _ADDRESS.sub("…@", json.dumps(row, default=str))[:RAW_MAX]
    named = ident if isinstance(ident, str | int) else "without id"
    return Rejected(what=f"{kind} {named}", problem=problem, raw=raw)


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(each) for each in first["loc"]) or "the record"
    return f"{where}: {first['msg']}"


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


class Pages:
    """Watches a vendor's pages go by, so that a list that never ends is noticed."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen: set[str] = set()
        self._last: Sequence[Any] = ()

    def turn(self, rows: Sequence[Any], following: str | None) -> str | None:
        """What to ask for next: `following`, None at the end.

        Raises SourceDataError when the vendor points back to a page that was read, or sends the same rows twice.
        """
        if following is None:
            return None
        if following in self._seen or (rows and rows == self._last):
            raise SourceDataError(f"{self._title} sends the same page again and again.")
        self._seen.add(following)
        self._last = rows
        return following


def rows_in(answer: Any, key: str, *, title: str) -> Sequence[Any]:
    """The list under `key` of an answer. Raises SourceDataError when there is none."""
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise SourceDataError(f"{title} answered without a list of {key}.")
    return rows
