"""Currencies: the section of the configuration that says in which currency sums are told, and what leads to it."""

from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, Field, model_validator

from scoring.rates import Rates, RateTable


class _Table(BaseModel, frozen=True, extra="allow"):
    """What holds from a date on: one unit of each currency in the reporting one."""

    __pydantic_extra__: dict[str, Decimal]
    on: date = Field(strict=True)

    @model_validator(mode="after")
    def _are_rates(self) -> Self:
        self.read()
        return self

    def read(self) -> RateTable:
        return RateTable(on=self.on, rates=self.model_extra or {})


class Currencies(BaseModel, frozen=True, extra="forbid"):
    """The reporting currency and the tables of rates. What they say is `read` as the domain's own type."""

    reporting: str
    rates: tuple[_Table, ...] = ()

    @model_validator(mode="after")
    def _lead_somewhere(self) -> Self:
        self.read()
        return self

    def read(self) -> Rates:
        return Rates(reporting=self.reporting, tables=tuple(each.read() for each in self.rates))
