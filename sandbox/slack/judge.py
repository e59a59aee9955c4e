"""Decides `invalid_blocks`: by the schema of Block Kit, and by what a schema cannot say of several things together."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from sandbox.slack.schema import faults

Json = dict[str, Any]
TABLES = frozenset({"table", "data_table"})
MAX_MARKDOWN = 12_000  # characters in all markdown blocks of one payload
MAX_TABLE_TEXT = 10_000  # characters in all tables of one payload
MAX_CHARTS = 2  # a message


class Surface(StrEnum):
    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


def judge(blocks: Any, surface: Surface = Surface.MESSAGE) -> list[str]:
    """What is wrong with the blocks, in Slack's manner. Empty when nothing is."""
    if surface is Surface.MESSAGE:
        return faults({"blocks": blocks}, surface, "") or list(_check_together(blocks, "/blocks"))
    view = {"type": surface, "blocks": blocks, "title": {"type": "plain_text", "text": "x"}}
    if surface is Surface.HOME:
        del view["title"]
    return faults(view, surface, "") or list(_check_together(blocks, "/blocks"))


def judge_view(view: Any, surface: Surface) -> list[str]:
    """What is wrong with a modal or a Home."""
    errors = faults(view, surface, "/view")
    if errors:
        return errors
    errors = list(_check_together(view["blocks"], "/view/blocks"))
    inputs = any(block["type"] == "input" for block in view["blocks"])
    if surface is Surface.MODAL and inputs and "submit" not in view:
        errors.append(_wrong("a view with input blocks must have a submit button", "/view/submit"))
    return errors


def judge_options(answer: Any) -> list[str]:
    """What is wrong with the options an app offers while somebody types."""
    return faults(answer, "suggestions", "")


def _wrong(what: str, pointer: str) -> str:
    return f"[ERROR] {what} [json-pointer:{pointer}]"


def _check_together(blocks: list[Json], pointer: str) -> Iterator[str]:
    """What holds over a whole payload, of which each block by itself is right."""
    if not _are_unique(block.get("block_id") for block in blocks):
        yield _wrong("block_id must be unique", pointer)
    tables = [block for block in blocks if block["type"] in TABLES]
    if len(tables) > 1:
        yield _wrong("only_one_table_allowed", pointer)
    if sum(_letters(block["rows"]) for block in tables) > MAX_TABLE_TEXT:
        yield _wrong(f"tables must hold no more than {MAX_TABLE_TEXT} characters", pointer)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MAX_MARKDOWN:
        yield _wrong(f"markdown must hold no more than {MAX_MARKDOWN} characters", pointer)
    if sum(block["type"] == "data_visualization" for block in blocks) > MAX_CHARTS:
        yield _wrong(f"no more than {MAX_CHARTS} data_visualization blocks allowed", pointer)
    for at, block in enumerate(blocks):
        yield from _check_inside(block, f"{pointer}/{at}")


def _are_unique(names: Iterable[Any]) -> bool:
    given = [name for name in names if name]
    return len(set(given)) == len(given)


def _letters(value: Any) -> int:
    """The characters of every text inside a structure."""
    if isinstance(value, list):
        return sum(map(_letters, value))
    if isinstance(value, dict):
        return sum(
            len(v) if k == "text" and isinstance(v, str) else _letters(v) for k, v in value.items()
        )
    return 0


def _check_inside(block: Json, pointer: str) -> Iterator[str]:
    """What the parts of one block must be to each other."""
    match block["type"]:
        case "actions" | "context_actions":
            if not _are_unique(element.get("action_id") for element in block["elements"]):
                yield _wrong("action_id must be unique", pointer)
            for at, element in enumerate(block["elements"]):
                yield from _check_element(element, f"{pointer}/elements/{at}")
        case "section" if "accessory" in block:
            yield from _check_element(block["accessory"], f"{pointer}/accessory")
        case "input":
            yield from _check_element(block["element"], f"{pointer}/element")
        case "container":
            for at, child in enumerate(block["child_blocks"]):
                yield from _check_inside(child, f"{pointer}/child_blocks/{at}")
        case "data_table":
            yield from _check_rows(block["rows"], f"{pointer}/rows")
        case "data_visualization" if "series" in block["chart"]:
            yield from _check_series(block["chart"], f"{pointer}/chart")
        case _:
            pass


def _check_element(element: Json, pointer: str) -> Iterator[str]:
    options = [*element.get("options", [])]
    options += [one for group in element.get("option_groups", []) for one in group["options"]]
    if not _are_unique(option["value"] for option in options):
        yield _wrong("values of options must be unique", f"{pointer}/options")
    begun = [*element.get("initial_options", []), *_given(element, "initial_option")]
    if options and any(option not in options for option in begun):
        yield _wrong("must be among the options", f"{pointer}/initial_option")
    if element.get("min_length", 0) > element.get("max_length", 3000):
        yield _wrong("must not be more than max_length", f"{pointer}/min_length")
    if float(element.get("min_value", "-inf")) > float(element.get("max_value", "inf")):
        yield _wrong("must not be more than max_value", f"{pointer}/min_value")


def _given(element: Json, name: str) -> list[Any]:
    return [element[name]] if name in element else []


def _check_rows(rows: list[list[Json]], pointer: str) -> Iterator[str]:
    if any(cell["type"] == "rich_text" for cell in rows[0]):
        yield _wrong("header cells must not be rich_text", f"{pointer}/0")
    if len({len(row) for row in rows}) > 1:
        yield _wrong("all rows must have the same number of cells", pointer)


def _check_series(chart: Json, pointer: str) -> Iterator[str]:
    categories = chart["axis_config"]["categories"]
    if not _are_unique(each["name"] for each in chart["series"]):
        yield _wrong("names of series must be unique", f"{pointer}/series")
    for at, each in enumerate(chart["series"]):
        if [point["label"] for point in each["data"]] != categories:
            said = "must have one point for each category, in their order"
            yield _wrong(said, f"{pointer}/series/{at}/data")
