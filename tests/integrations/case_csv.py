"""CSV files in a folder: hand-written ones, each written at its own hour."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from vendor_case import FIXTURES, Case
from vendor_server import NOW

KINDS = ["accounts", "usage", "tickets", "subscriptions", "surveys"]
WRITTEN_H_AGO = {"accounts": 1, "usage": 2, "tickets": 3, "subscriptions": 4, "surveys": 5}


@dataclass
class Folder:
    """The folder somebody drops files into."""

    home: Path

    def __post_init__(self):
        self.folder = self.home / "imports"
        self.folder.mkdir()
        for each in (FIXTURES / "csv").iterdir():
            shutil.copyfile(each, self.folder / each.name)
            self.write_hours_ago(each.name, WRITTEN_H_AGO.get(each.stem, 1000))

    @property
    def settings(self):
        return {"folder": str(self.folder)}

    def write_hours_ago(self, name, hours):
        at = NOW.timestamp() - hours * 3600
        os.utime(self.folder / name, (at, at))

    def put(self, name, text, *, hours=0.5):
        """Write a file, so many hours ago."""
        data = text if isinstance(text, bytes) else text.encode()
        (self.folder / name).write_bytes(data)
        self.write_hours_ago(name, hours)
        return self.folder / name

    def text(self, name):
        return (self.folder / name).read_text()

    def break_one(self):
        self.put("accounts.csv", self.text("accounts.csv").replace("2027-03-01", "next spring"))


CASE = Case(Folder, {"kinds": KINDS})
