"""Payloads: what a vendor sent, made typed or refused, record by record."""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from integrations.base import Rejected, SourceDataError
from scoring.records import Record

RAW_MAX = 2_000
_EXPLANATION_MAX = 300
# Stripe names the missing permission in prose only.
_PERMISSION = re.compile(r"\brak_[a-z_]+\b")

Model = TypeVar("Model", bound=BaseModel)


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
    inner = answer.get("error")
    texts = [*_texts(inner if isinstance(inner, dict) else answer)]
    scopes = [*dict.fromkeys(_scopes(answer) + _PERMISSION.findall(" ".join(texts)))]
    needs = f" (needs {', '.join(scopes)})" if scopes else ""
    return (" ".join(texts)[:_EXPLANATION_MAX] + needs).strip()


def _texts(answer: dict[str, Any]) -> Iterable[str]:
    for key in ("error", "title", "message", "description", "error_description"):
        if isinstance(text := answer.get(key), str) and text:
            yield text


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
    raw = json.dumps(row, default=str)[:RAW_MAX]
    named = ident if isinstance(ident, str | int) else "without id"
    return Rejected(what=f"{kind} {named}", problem=problem, raw=raw)


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(each) for each in first["loc"]) or "the record"
    return f"{where}: {first['msg']}"


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def rows_in(answer: Any, key: str, *, title: str) -> Sequence[Any]:
    """The list under `key` of an answer. Raises SourceDataError when there is none."""
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise SourceDataError(f"{title} answered without a list of {key}.")
    return rows
