"""Logs: one line of JSON a fact, a readable one on a terminal; never a token, an address or a message."""

import logging
import re
import sys
from typing import Any

import structlog

_SECRET = re.compile(
    r"xox[abeprs]-[\w-]+|xapp-[\w-]+|[rs]k_(?:live|test|sandbox)_\w+|pat-[\w-]+|whsec_\w+"
    # A dozen letters at least, so that "Basic plan" stays what it is.
    r"|(?i:bearer|basic)\s+[\w.~+/=-]{12,}",
)
# Libraries that write bodies, signatures or a line a request.
_TALKATIVE = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "alembic")


def redact(text: str) -> str:
    """The text with everything that looks like a credential taken out."""
    return _SECRET.sub("[secret]", text)


def configure_logs(*, level: str = "INFO") -> None:
    """Send all logs to stderr: readable on a terminal, else JSON lines."""
    on_terminal = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
                # Last, so that it sees every field, however deep, and every error's text.
                lambda _logger, _name, line: redact(str(line)),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It warns every second while a call takes longer than one, which is how it is meant to be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
