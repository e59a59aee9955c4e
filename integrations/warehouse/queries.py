"""Warehouse queries: which there may be, what each may ask for, and how their parameters are spelled to a driver."""

import difflib
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

FRESH_UNTIL = "fresh_until"
_DAYS, _CHANGES = frozenset({"since", "until"}), frozenset({"changed_since"})

# What may be asked, in the order it is read, and the parameters a query of that name may use.
PARAMETERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        FRESH_UNTIL: frozenset(),
        "accounts": _CHANGES,
        "subscriptions": _CHANGES,
        "invoices": _CHANGES,
        "cards": _CHANGES,
        "tickets": _CHANGES,
        "contacts": _CHANGES,
        "surveys": _CHANGES,
        "usage": _DAYS,
        "users": _DAYS,
    }
)

# Text in which a colon is only a colon; a parameter outside it; the end of a statement. A colon after
# a word, a quote or a bracket is a slice or a path into JSON.
_TOKEN = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<tag>\$\w*\$).*?(?P=tag))
      |(?<![:\w$"`\])\[]):(?P<name>[A-Za-z_]\w*)
      |(?P<end>;)
      |(?P<colon>(?<![:\w]):(?=\w))""",
    re.DOTALL | re.VERBOSE,
)
_READS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:SELECT|WITH)\b", re.DOTALL | re.IGNORECASE)
_IGNORED = re.compile(r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_COLON_OF_A_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of the configuration, without the semicolon at its end."""

    name: str
    text: str

    @property
    def parameters(self) -> frozenset[str]:
        return frozenset(name for each in _TOKEN.finditer(self.text) if (name := each["name"]))

    @property
    def fingerprint(self) -> str:
        """Another one: what was read by the old text says nothing of what the new one would tell."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:12]

    def for_duckdb(self) -> str:
        return _TOKEN.sub(lambda each: f"${each['name']} " if each["name"] else each[0], self.text)

    def for_sqlalchemy(self) -> str:
        """As sqlalchemy.text() reads it: every other colon that would look like a parameter is escaped."""
        return _TOKEN.sub(_escaped, self.text)


def read_queries(said: Mapping[str, str]) -> Mapping[str, Query]:
    """The queries by name, in the order they are read. Raises ValueError, naming the query."""
    for name in said:
        if name not in PARAMETERS:
            raise ValueError(f"there is no query {name!r}{nearest(name, PARAMETERS)}")
    if "users" in said and "usage" not in said:
        raise ValueError(
            "users needs usage beside it: who was active says nothing of what they did"
        )
    if not said.keys() - {FRESH_UNTIL}:
        raise ValueError("at least one query is needed, such as usage or accounts")
    return {name: _query(name, said[name]) for name in PARAMETERS if name in said}


def nearest(word: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown word."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _query(name: str, text: str) -> Query:
    if not _READS.match(text):
        raise ValueError(f"{name}: must begin with SELECT or WITH")
    query = Query(name, _one_statement(name, text))
    known = PARAMETERS[name]
    for parameter in sorted(query.parameters - known):
        takes = ", ".join(f":{each}" for each in sorted(known)) or "none"
        raise ValueError(f"{name}: there is no parameter :{parameter} here; known are {takes}")
    if known is _DAYS and query.parameters != _DAYS:
        raise ValueError(
            f"{name}: must ask for days BETWEEN :since AND :until, for it is asked day by day"
        )
    return query


def _one_statement(name: str, text: str) -> str:
    for each in _TOKEN.finditer(text):
        if each["end"]:
            rest = _IGNORED.match(text, each.start())
            if rest is None or rest.end() < len(text):
                raise ValueError(f"{name}: must be one statement; there is more after a semicolon")
            return text[: each.start()].strip()
    return text.strip()


def _escaped(token: re.Match[str]) -> str:
    if token["name"]:
        return f":{token['name']} "  # the space parts it from a cast: `:since::date`
    if token["quoted"]:
        return _COLON_OF_A_PARAMETER.sub(r"\\:", token["quoted"])
    return rf"\{token[0]}" if token["colon"] else token[0]
