"""The cases of all vendors, by the source's name: `case_NAME.py` has each one's."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from vendor_case import Case


def _case(file: Path) -> Case:
    case: Case = import_module(file.stem).CASE
    return case


CASES: Mapping[str, Case] = {
    each.stem.removeprefix("case_"): _case(each) for each in Path(__file__).parent.glob("case_*.py")
}
