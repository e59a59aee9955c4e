"""The workshop: pictures from another process, which goes when nobody needs it and comes back when it died."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_pictures import UNTIL, movers, trend

from bot.pictures.easel import Easel
from bot.pictures.workshop import Workshop

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("matplotlib")


@pytest.fixture
def workshop(folder):
    made = Workshop(folder)
    yield made
    made.stop()


def painter(workshop):
    """The process id of whoever draws."""
    (child,) = [each for each in multiprocessing.active_children() if each.name == "workshop"]
    return child.pid


def test_it_draws_the_very_picture_an_easel_does(workshop, folder):
    for chart in (trend([70, 60, 38]), movers("Acme", "Globex")):
        assert workshop.draw(chart) == Easel(folder).draw(chart)


def test_what_cannot_be_drawn_is_said_and_the_next_is_drawn(workshop):
    with pytest.raises(ValueError, match="nobody knows how to draw"):
        workshop.draw(UNTIL)
    assert workshop.draw(trend([70]))


def test_who_died_is_replaced(workshop):
    workshop.warm_up()
    os.kill(painter(workshop), signal.SIGKILL)
    with pytest.raises(RuntimeError, match="has died"):
        workshop.draw(trend([70]))
    assert workshop.draw(trend([70]))


OWNER = """
import os, sys, multiprocessing
from pathlib import Path
from bot.pictures.workshop import Workshop
if __name__ == "__main__":
    workshop = Workshop(Path(sys.argv[1]))
    workshop.warm_up()
    print(multiprocessing.active_children()[0].pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_it_goes_with_who_asked_even_when_that_one_is_killed(folder, tmp_path):
    script = tmp_path / "owner.py"
    script.write_text(OWNER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), str(folder)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    # The painter has the same stdout: reading to its end is waiting until both are gone.
    told, _ = owner.communicate(timeout=60)
    assert owner.returncode == -signal.SIGKILL
    assert int(told)
