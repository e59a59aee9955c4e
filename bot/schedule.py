"""The embedded engine: APScheduler as a clock that ticks, and nothing more."""

from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

EVERY_S = 1


class Engine:
    """Calls the given functions every second, each in a thread of its own and never twice at once."""

    def __init__(self, functions: dict[str, Callable[[], object]]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(len(functions))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, function in functions.items():
            self._scheduler.add_job(function, "interval", seconds=EVERY_S, id=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Take no more work and wait for what is running."""
        self._scheduler.shutdown(wait=True)
