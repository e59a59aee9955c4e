"""Decides `invalid_blocks`: Block Kit's published surfaces and limits (docs.slack.dev, Reference: Block Kit)."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sandbox.slack.elements import (
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    IN_SECTION,
    check_element,
    check_image,
)
from sandbox.slack.look import PLAIN, Look

TABLES = frozenset({"table", "data_table"})
MAX_MARKDOWN = 12_000  # characters in all markdown blocks of one payload
MAX_TABLE_TEXT = 10_000  # characters in all tables of one payload
MAX_CHARTS = 2  # a message
IN_CONTAINER = frozenset(
    {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table", "video"}
)  # fmt: skip


class Surface(StrEnum):
    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


MAX_BLOCKS = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}
EVERYWHERE = frozenset(Surface)
MESSAGE_ONLY = frozenset({Surface.MESSAGE})

# Where Slack's pages and what people measured disagree, the narrower word is believed:
# tables and charts in Home, cards in modals.
SURFACES: dict[str, frozenset[Surface]] = {
    **dict.fromkeys(
        ("section", "actions", "context", "divider", "header", "image", "input", "rich_text", "video"), EVERYWHERE
    ),
    **dict.fromkeys(
        ("table", "data_table", "data_visualization", "markdown", "context_actions", "plan", "task_card", "container"),
        MESSAGE_ONLY,
    ),
    "card": frozenset({Surface.MESSAGE, Surface.HOME}),
    "carousel": frozenset({Surface.MESSAGE, Surface.HOME}),
    "alert": frozenset({Surface.MODAL}),
}  # fmt: skip


def judge(blocks: Any, surface: Surface) -> list[str]:
    """What is wrong with the blocks, in Slack's manner. Empty when nothing is."""
    errors: list[str] = []
    looks = Look({"blocks": blocks}, "", errors).items("blocks", MAX_BLOCKS[surface], least=0)
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    for block in looks:
        _check_block(block, surface)
    whole = Look({}, "/blocks", errors)
    whole.unique((block.value.get("block_id") for block in looks), "block_id")
    _check_together(whole, looks)
    return errors


def judge_view(view: Any, surface: Surface) -> list[str]:
    """What is wrong with a modal or a Home."""
    errors: list[str] = []
    look = Look(view, "/view", errors)
    if look.type != surface:
        look.wrong(f"must be {surface}", "type")
    if surface is Surface.MODAL:
        look.text("title", 24, kinds=PLAIN, needed=True)
        look.text("submit", 24, kinds=PLAIN)
        look.text("close", 24, kinds=PLAIN)
        if _has_input(look) and not look.has("submit"):
            look.wrong("a view with input blocks must have a submit button", "submit")
    for name, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if look.value.get(name):
            look.string(name, limit)
    look.need("blocks")
    return errors + judge(look.value.get("blocks", []), surface)


def _has_input(view: Look) -> bool:
    blocks = view.value.get("blocks") or []
    return any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)


def _check_block(block: Look, surface: Surface) -> None:
    if surface not in SURFACES.get(block.type, frozenset()):
        block.wrong(f"unsupported block type: {block.type or 'none'}", "type")
        return
    block.string("block_id", 255)
    if block.type == "container":
        _check_container(block, surface)
    else:
        RULES.get(block.type, _nothing_more)(block)


def _check_together(whole: Look, looks: list[Look]) -> None:
    """The limits that hold over a whole payload."""
    tables = [block for block in looks if block.type in TABLES]
    if len(tables) > 1:
        whole.wrong("only_one_table_allowed")
    if sum(_letters(block.value.get("rows")) for block in tables) > MAX_TABLE_TEXT:
        whole.wrong(f"tables must hold no more than {MAX_TABLE_TEXT} characters")
    markdown = sum(
        len(str(block.value.get("text", ""))) for block in looks if block.type == "markdown"
    )
    if markdown > MAX_MARKDOWN:
        whole.wrong(f"markdown must hold no more than {MAX_MARKDOWN} characters")
    if sum(block.type == "data_visualization" for block in looks) > MAX_CHARTS:
        whole.wrong(f"no more than {MAX_CHARTS} data_visualization blocks allowed")


def _letters(value: Any) -> int:
    """The characters of every text inside a structure."""
    if isinstance(value, list):
        return sum(map(_letters, value))
    if isinstance(value, dict):
        return sum(
            len(v) if k == "text" and isinstance(v, str) else _letters(v) for k, v in value.items()
        )
    return 0


def _nothing_more(block: Look) -> None:
    """Blocks we render but do not know the inner limits of."""


def _check_section(section: Look) -> None:
    section.text("text", 3000)
    for field in section.items("fields", 10, least=0):
        field.is_text(2000)
    if not section.has("text") and not section.has("fields"):
        section.wrong("must have text or fields")
    if section.has("accessory"):
        check_element(section.child("accessory"), IN_SECTION)


def _check_header(header: Look) -> None:
    header.text("text", 150, kinds=PLAIN, needed=True)


def _check_context(context: Look) -> None:
    for element in context.items("elements", 10):
        if element.type == "image":
            check_image(element)
        elif element.type in IN_CONTEXT:
            element.string("text", 3000, needed=True)
        else:
            element.wrong(f"unsupported type: {element.type or 'none'}", "type")


def _check_actions(actions: Look) -> None:
    elements = actions.items("elements", 25)
    for element in elements:
        check_element(element, IN_ACTIONS)
    actions.unique((element.value.get("action_id") for element in elements), "action_id")


def _check_input(block: Look) -> None:
    block.text("label", 2000, kinds=PLAIN, needed=True)
    block.text("hint", 2000, kinds=PLAIN)
    check_element(block.child("element"), IN_INPUT)


def _check_image(image: Look) -> None:
    check_image(image)
    image.text("title", 2000, kinds=PLAIN)


def _check_markdown(markdown: Look) -> None:
    markdown.string("text", MAX_MARKDOWN, needed=True)


def _check_rich_text(rich: Look) -> None:
    kinds = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
    for element in rich.items("elements", 1000):
        if element.type not in kinds:
            element.wrong(f"unsupported type: {element.type or 'none'}", "type")


def _check_table(table: Look) -> None:
    _check_rows(table, least=1, most=100)


def _check_data_table(table: Look) -> None:
    table.string("caption", 2000, needed=True)
    _check_rows(table, least=2, most=101)
    size = table.value.get("page_size", 5)
    if not isinstance(size, int) or not 1 <= size <= 100:
        table.wrong("must be between 1 and 100", "page_size")
    head = (table.value.get("rows") or [[]])[0]
    if any(isinstance(cell, dict) and cell.get("type") == "rich_text" for cell in head):
        table.wrong("header cells must not be rich_text", "rows/0")


def _check_rows(table: Look, *, least: int, most: int) -> None:
    rows = table.value.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        table.wrong("must be an array of arrays", "rows")
        return
    if not least <= len(rows) <= most:
        table.wrong(f"must have between {least} and {most} rows", "rows")
    for at, row in enumerate(rows):
        for cell in Look({"row": row}, f"{table.path}/rows/{at}", table.errors).items("row", 20):
            if cell.type == "raw_text":
                cell.string("text", MAX_TABLE_TEXT, needed=True)
            elif cell.type not in {"rich_text", "raw_number", "button"}:
                cell.wrong(f"unsupported type: {cell.type or 'none'}", "type")


def _check_chart(block: Look) -> None:
    block.string("title", 50, needed=True)
    chart = block.child("chart")
    if chart.type == "pie":
        for segment in chart.items("segments", 12):
            _check_point(segment, positive=True)
    elif chart.type in {"bar", "line", "area"}:
        _check_series(chart)
    else:
        chart.wrong("must be pie, bar, line or area", "type")


def _check_series(chart: Look) -> None:
    axis = chart.child("axis_config")
    categories = axis.value.get("categories") or []
    if not 1 <= len(categories) <= 20 or any(not 1 <= len(str(each)) <= 20 for each in categories):
        axis.wrong("must be 1 to 20 categories of 1 to 20 characters", "categories")
    axis.string("x_label", 50)
    axis.string("y_label", 50)
    series = chart.items("series", 12)
    chart.unique((each.value.get("name") for each in series), "series names")
    for each in series:
        each.string("name", 20, needed=True)
        points = each.items("data", 20)
        for point in points:
            _check_point(point)
        if [point.value.get("label") for point in points] != categories:
            each.wrong("must have one point for each category, in their order", "data")


def _check_point(point: Look, *, positive: bool = False) -> None:
    point.string("label", 20, needed=True)
    value = point.value.get("value")
    if not isinstance(value, int | float) or (positive and value <= 0):
        point.wrong("must be a number" + (" above 0" if positive else ""), "value")


def _check_card(card: Look) -> None:
    card.text("title", 150)
    card.text("subtitle", 150)
    card.text("body", 200)
    for element in card.items("actions", 3, least=0):
        check_element(element, frozenset({"button"}))


def _check_carousel(carousel: Look) -> None:
    for card in carousel.items("elements", 10):
        _check_card(card)


def _check_container(container: Look, surface: Surface) -> None:
    container.text("title", 150)
    for child in container.items("child_blocks", 10):
        if child.type in IN_CONTAINER:
            _check_block(child, surface)
        else:
            child.wrong(f"unsupported block type: {child.type or 'none'}", "type")


def _check_alert(alert: Look) -> None:
    alert.text("text", 200, needed=True)


RULES: dict[str, Callable[[Look], None]] = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "input": _check_input,
    "image": _check_image,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "table": _check_table,
    "data_table": _check_data_table,
    "data_visualization": _check_chart,
    "card": _check_card,
    "carousel": _check_carousel,
    "alert": _check_alert,
}
