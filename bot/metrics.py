"""Metrics: what /metrics tells Prometheus. No account, no person and no money is in it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from bot.deps import Deps
from bot.services import observing
from bot.tallies import LIMITS_S, Tallies
from storage import gauges, sources

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_COUNTED = {
    "denied": ("Times somebody was denied what they asked for, by what it was", ("what",)),
    "failed": ("Times somebody was told that something went wrong on our side", ("what",)),
    "refused": ("Posts to the request URL that Slack had not signed", ()),
    "slack_calls": ("Calls of Slack's API, by method and how they ended", ("method", "result")),
    "slack_retries": ("Calls of Slack's API that were made again", ("method",)),
    "deliveries": ("Messages that were delivered, changes of messages among them", ()),
}


class Metrics:
    """A collector with a registry of its own: it reads the database when it is asked."""

    def __init__(self, deps: Deps, tallies: Tallies, *, is_connected: Callable[[], bool]) -> None:
        self._deps, self._tallies, self._is_connected = deps, tallies, is_connected

    def render(self) -> str:
        """Everything in Prometheus's text format. The database may be away: then what is stored is left out."""
        from prometheus_client import (  # noqa: PLC0415 - only who is scraped needs it
            CollectorRegistry,
            generate_latest,
        )

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry).decode()

    def describe(self) -> Iterator["Metric"]:
        """Nothing: asked to describe itself, a collector would else be asked to collect."""
        return iter(())

    def collect(self) -> Iterator["Metric"]:
        try:
            stored = [*self._stored()]
        except SQLAlchemyError:
            stored = []
        yield _gauge("database_up", "Whether the database answers", float(bool(stored)))
        yield _gauge("slack_connected", "Whether Slack reaches us", float(self._is_connected()))
        yield from stored
        yield from self._counted()
        yield self._answered()

    def _stored(self) -> Iterator["Metric"]:
        at = self._deps.clock.now()
        with self._deps.db.read() as session:
            found, states = gauges.read(session, at=at), sources.states(session)

        def age(since: datetime | None) -> float:
            return max(0.0, (at - since).total_seconds()) if since else 0.0

        yield _gauge("outbox_pending", "Messages that are not out", found.pending)
        oldest = "For how long the oldest message that may go out waits"
        yield _gauge("outbox_oldest_seconds", oldest, age(found.oldest_at))
        yield _gauge("outbox_dead", "Messages given up within the last 24 hours", found.dead)
        lag = "For how long the oldest work that is due waits to be begun"
        yield _gauge("work_lag_seconds", lag, age(found.due_at))
        names = self._deps.config.sources
        answered = {name: states[name].last_ok_at for name in names if name in states}
        yield _gauge(
            "source_age_seconds",
            "How old a source's last complete answer is; missing until there is one",
            {name: age(since) for name, since in answered.items() if since},
            label="source",
        )
        config = self._deps.config
        yield _gauge(
            "source_stale",
            "Whether a source fails, is late, or has never answered",
            {n: float(observing.is_stale(states.get(n), config, at=at)) for n in names},
            label="source",
        )
        yield _gauge(
            "accounts",
            "Accounts by status",
            {s.label if s else "Unknown": n for s, n in found.statuses.items()},
            label="status",
        )

    def _counted(self) -> Iterator["Metric"]:
        from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415

        for name, (told, labels) in _COUNTED.items():
            family = CounterMetricFamily(f"bellwether_{name}", f"{told}.", labels=labels)
            nothing: dict[tuple[str, ...], int] = {} if labels else {(): 0}
            for values, count in sorted((self._tallies.counts(name) or nothing).items()):
                family.add_metric(values, count)
            yield family

    def _answered(self) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415

        family = HistogramMetricFamily(
            "bellwether_answer_seconds",
            "How long people waited for an answer, by what they asked for.",
            labels=["what"],
        )
        for what, durations in sorted(self._tallies.durations().items()):
            total, buckets = 0, []
            for limit, count in zip((*LIMITS_S, "+Inf"), durations.counts, strict=True):
                total += count
                buckets.append((str(limit), float(total)))
            family.add_metric([what], buckets, durations.seconds)
        return family


def _gauge(
    name: str, told: str, value: float | Mapping[str, float], *, label: str = ""
) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    family = GaugeMetricFamily(f"bellwether_{name}", f"{told}.", labels=[label] if label else [])
    for key, each in sorted(value.items()) if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([key] if label else [], each)
    return family
