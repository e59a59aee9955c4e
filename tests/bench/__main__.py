"""`make bench`: a line of JSON a figure on stdout, a table on stderr."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import answers, askers, history, ingest, outboxes, scoring
from tests.bench.figures import Figure, table

Measure = Callable[[Path], Iterator[Figure]]

_QUICK = {"events": 10_000, "accounts": 300, "messages": 60, "asked": 200}
_USUAL = {"events": 500_000, "accounts": 20_000, "messages": 300, "asked": 100_000}
_EVENTS_AN_ACCOUNT_ASKED = 10


def main() -> None:
    given = _arguments()
    figures: list[Figure] = []
    for name, measure in _measures(given).items():
        if given.only in {None, name}:
            sys.stderr.write(f"{name} …\n")
            with TemporaryDirectory(
                prefix="bellwether-bench-", ignore_cleanup_errors=True
            ) as folder:
                for figure in measure(Path(folder)):
                    sys.stdout.write(figure.to_json() + "\n")
                    sys.stdout.flush()
                    figures.append(figure)
    sys.stderr.write(f"\n{table(figures)}\n")


def _measures(given: argparse.Namespace) -> Mapping[str, Measure]:
    size = {"events": given.events, "accounts": given.accounts}
    return {
        "ingest": partial(ingest.measure, **size, with_postgres=not given.quick),
        "scoring": partial(scoring.measure, accounts=given.accounts),
        "history": partial(history.measure, accounts=given.accounts),
        "answers": partial(answers.measure, **size),
        "askers": partial(
            askers.measure,
            events=given.asked * _EVENTS_AN_ACCOUNT_ASKED,
            accounts=given.asked,
            rounds=2 if given.quick else 12,
        ),
        "outbox": partial(outboxes.measure, messages=given.messages),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, no PostgreSQL: about 20 seconds"
    )
    parser.add_argument("--events", type=int, help="events of the day that is read")
    parser.add_argument("--accounts", type=int, help="accounts that are scored")
    parser.add_argument("--messages", type=int, help="messages that go through the outbox")
    parser.add_argument(
        "--asked", type=int, help="accounts that fifty people ask for; ten times as many events"
    )
    parser.add_argument(
        "--only", choices=("ingest", "scoring", "history", "answers", "askers", "outbox")
    )
    given = parser.parse_args()
    for name, size in (_QUICK if given.quick else _USUAL).items():
        if getattr(given, name) is None:
            setattr(given, name, size)
    return given


if __name__ == "__main__":
    main()
