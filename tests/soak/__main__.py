"""`make soak`: a line of JSON a figure on stdout, a table on stderr; exit code 1 when a promise was broken."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure, table
from tests.soak import deliveries, month, stories
from tests.soak.verdicts import BrokenError

Measure = Callable[[Path], Iterator[Figure]]

MEASURES: Mapping[str, Measure] = {
    "delivery": deliveries.measure,
    "month": month.measure,
    "stories": stories.measure,
}


def main(
    arguments: Sequence[str] | None = None, *, measures: Mapping[str, Measure] = MEASURES
) -> int:
    """Run those that are named, or all. Each prints its figures before it says that a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(measures)}")
    names = parser.parse_args(arguments).names or list(measures)
    if unknown := set(names) - set(measures):
        parser.error(f"not known: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    broken = [said for name in names if (said := _run(name, measures[name], figures))]
    sys.stderr.write(f"\n{table(figures)}\n")
    for said in broken:
        sys.stderr.write(f"A promise was broken: {said}\n")
    return 1 if broken else 0


def _run(name: str, measure: Measure, figures: list[Figure]) -> str | None:
    """Print what it measures, line by line. What it says was broken; None: nothing."""
    sys.stderr.write(f"{name} …\n")
    with TemporaryDirectory(prefix="bellwether-soak-", ignore_cleanup_errors=True) as folder:
        try:
            for figure in measure(Path(folder)):
                sys.stdout.write(figure.to_json() + "\n")
                sys.stdout.flush()
                figures.append(figure)
        except BrokenError as error:
            return f"{name}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
