"""Readiness: whether people who ask now are answered, and what is in the way if not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.deps import Deps
from storage.engine import SchemaError

ENDING = "it is ending: nothing new is taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be well; `told` says how it is."""

    name: str
    is_well: bool
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Looks at everything anew each time it is asked. Slack itself is not asked: `hears` knows how the socket is.

    `hears` is None in HTTP mode, where Slack comes to us.
    """

    deps: Deps
    is_ending: Callable[[], bool]
    hears: Callable[[], bool] | None

    def checks(self) -> tuple[Check, ...]:
        return (
            Check(
                name="running",
                is_well=not self.is_ending(),
                told=ENDING if self.is_ending() else "running",
            ),
            *self._database(),
            self._slack(),
        )

    def _database(self) -> Iterator[Check]:
        try:
            self.deps.db.check_schema()
        except SchemaError as error:
            yield Check(name="database", is_well=True, told="answers")
            yield Check(name="schema", is_well=False, told=str(error))
        except SQLAlchemyError as error:
            # Its own text may quote the address, and with it a password.
            told = f"does not answer ({type(error).__name__})"
            yield Check(name="database", is_well=False, told=told)
        else:
            yield Check(name="database", is_well=True, told="answers")
            yield Check(name="schema", is_well=True, told="is this version's")

    def _slack(self) -> Check:
        if self.hears is None:
            return Check(name="slack", is_well=True, told="HTTP mode: Slack comes to us")
        is_well = self.hears()
        return Check(
            name="slack",
            is_well=is_well,
            told="the socket is connected" if is_well else "the socket is not connected",
        )
