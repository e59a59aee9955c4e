"""Access in the configuration: who may see accounts, money and files, and who may do what cannot be undone."""

import re

from pydantic import BaseModel, field_validator

from scoring.members import Access


class AccessConfig(BaseModel, frozen=True, extra="forbid"):
    """Who may do what: ids of user groups, S…, and e-mail addresses; whoever is not named has not got the right."""

    members: tuple[str, ...] | None = None
    money: tuple[str, ...] | None = None
    export: tuple[str, ...] | None = None
    admins: tuple[str, ...] | None = None

    @field_validator("members", "money", "export", "admins")
    @classmethod
    def _names_somebody(cls, named: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if named is not None and not named:
            raise ValueError("names nobody; leave it out, and nobody is kept from it")
        for each in named or ():
            if not re.fullmatch(r"S[A-Z0-9]+|[^\s@]+@[^\s@]+", each):
                raise ValueError(
                    f"{each!r} is neither a user group's id, like S0123456789, nor an e-mail address"
                )
        return named

    def read(self) -> Access:
        return Access(
            **{
                name: frozenset(
                    each if each.startswith("S") and "@" not in each else each.lower()
                    for each in named
                )
                for name, named in self
                if named is not None
            }
        )
