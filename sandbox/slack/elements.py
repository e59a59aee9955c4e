"""The rules for interactive elements: what each needs and how long it may be (docs.slack.dev, Block elements)."""

from collections.abc import Callable

from sandbox.slack.look import ANY_TEXT, PLAIN, Look

SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})

IN_SECTION = SELECTS | PICKERS | CHOICES | {"button", "overflow", "image", "workflow_button"}
IN_ACTIONS = SELECTS | PICKERS | CHOICES | {"button", "overflow", "workflow_button"}
IN_INPUT = SELECTS | PICKERS | CHOICES | TYPED | {"rich_text_input", "file_input"}
IN_CONTEXT = frozenset({"plain_text", "mrkdwn", "image"})


def check_element(element: Look, allowed: frozenset[str]) -> None:
    if element.type not in allowed:
        element.wrong(f"unsupported type: {element.type or 'none'}", "type")
        return
    element.string("action_id", 255)
    if element.has("confirm"):
        _check_confirm(element.child("confirm"))
    element.text("placeholder", 150, kinds=PLAIN)
    RULES.get(element.type, _nothing_more)(element)


def check_image(image: Look) -> None:
    """Used by the block and by the element: exactly one of an address and a Slack file."""
    image.string("alt_text", 2000, needed=True)
    image.string("image_url", 3000)
    if image.has("image_url") == image.has("slack_file"):
        image.wrong("must have exactly one of image_url and slack_file")


def _nothing_more(element: Look) -> None:
    """Elements of which the common fields are all there is to check."""


def _check_button(button: Look) -> None:
    button.text("text", 75, kinds=PLAIN, needed=True)
    button.string("value", 2000)
    button.string("url", 3000)
    button.string("accessibility_label", 75)
    if button.value.get("style", "primary") not in {"primary", "danger"}:
        button.wrong("must be primary or danger", "style")


def _check_confirm(confirm: Look) -> None:
    confirm.text("title", 100, kinds=PLAIN, needed=True)
    confirm.text("text", 300, needed=True)
    confirm.text("confirm", 30, kinds=PLAIN, needed=True)
    confirm.text("deny", 30, kinds=PLAIN, needed=True)


def _check_options(element: Look, name: str, *, most: int, kinds: frozenset[str] = PLAIN) -> None:
    options = element.items(name, most)
    for option in options:
        option.text("text", 75, kinds=kinds, needed=True)
        option.text("description", 75, kinds=kinds)
        option.string("value", 150, needed=True)
    element.unique((option.value.get("value") for option in options), f"{name} values")
    known = [option.value for option in options]
    initial = element.value.get("initial_option")
    if initial is not None and initial not in known:
        element.wrong("must be one of the options", "initial_option")
    for chosen in element.value.get("initial_options") or []:
        if chosen not in known:
            element.wrong("must be among the options", "initial_options")


def _check_static_select(select: Look) -> None:
    if select.has("options") == select.has("option_groups"):
        select.wrong("must have exactly one of options and option_groups")
        return
    if select.has("options"):
        _check_options(select, "options", most=100)
    for group in select.items("option_groups", 100, least=0):
        group.text("label", 75, kinds=PLAIN, needed=True)
        _check_options(group, "options", most=100)


def _check_overflow(menu: Look) -> None:
    _check_options(menu, "options", most=5)


def _check_choice(choice: Look) -> None:
    _check_options(choice, "options", most=10, kinds=ANY_TEXT)


def _check_typed(typed: Look) -> None:
    least, most = typed.value.get("min_length", 0), typed.value.get("max_length", 3000)
    if not 0 <= least <= most <= 3000:
        typed.wrong("min_length and max_length must be ordered, within 0 and 3000")


def _check_number(number: Look) -> None:
    number.need("is_decimal_allowed")


RULES: dict[str, Callable[[Look], None]] = {
    "button": _check_button,
    "image": check_image,
    "overflow": _check_overflow,
    "static_select": _check_static_select,
    "multi_static_select": _check_static_select,
    "checkboxes": _check_choice,
    "radio_buttons": _check_choice,
    "plain_text_input": _check_typed,
    "number_input": _check_number,
}
