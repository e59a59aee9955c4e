"""Waiting for what happens in another process."""

import threading
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Poll until the condition holds; fail after a deadline."""
    ticks = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        ticks.wait(0.05)
    raise AssertionError("it never came true")
