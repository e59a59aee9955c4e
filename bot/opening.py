"""Opening: what a command of the command line works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.deps import Deps


@contextmanager
def opened(config: Path, *, log_level: str = "ERROR", any_schema: bool = False) -> Iterator["Deps"]:
    """Everything the use cases need, over a database this version knows unless `any_schema`.

    A command that ends says itself what went wrong, so its log is short.
    """
    from bot.app import open_deps
    from bot.clock import SystemClock
    from bot.config import home_folder, load_config
    from bot.logs import configure_logs
    from bot.sandboxing import sandbox_clock

    configure_logs(level=log_level)
    loaded = load_config(config, home=home_folder())
    clock = sandbox_clock(loaded.sandbox.url) if loaded.sandbox else SystemClock()
    deps = open_deps(loaded, clock=clock)
    try:
        if not any_schema:
            deps.db.check_schema()
        yield deps
    finally:
        deps.db.dispose()
