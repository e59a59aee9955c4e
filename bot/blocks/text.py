"""Text from outside made harmless: nothing a customer wrote can format, mention, link or turn a line around."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs"}  # controls, bidi and zero-width formats, halves of characters
_JOINERS = "\u200c\u200d"  # Persian words and emoji families need them, after a letter of theirs
_STRAY_JOINER = re.compile(f"(?<![^\\x00-\\x7f{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?=\\s|$)")

_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_UNDERSCORE_AT_AN_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI_NAME = re.compile(r":(?=[\w+'-]+:)")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_LINK = re.compile(r"<[^|<>]*\|([^<>]*)>")
_MENTION = re.compile(r"<([@#]\w+)>")
_TOKEN = re.compile(r"&(?:amp|lt|gt);|<[^<>]*>")


def length(text: str) -> int:
    """How long Slack finds a text, at most: it does not say what it counts, and UTF-16 units are the most."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """The text in at most `limit` (1 or more), ending in … where it was cut.

    Never cut: an entity, a `<…>`, a letter from its accents, an emoji or a flag in two.
    """
    if length(text) <= limit:
        return text
    cut = min(len(text), limit - 1)
    while length(text[:cut]) > limit - 1:
        cut -= 1
    whole = cut
    while whole and _is_inside(text, whole):
        whole -= 1
    cut = whole or cut
    for token in _TOKEN.finditer(text):
        if token.start() < cut < token.end():
            cut = token.start()
    return text[:cut].rstrip() + "…"


def plain(text: str, limit: int = 300) -> str:
    """One line for a plain-text field, without controls."""
    if (
        text.isascii() and text.isprintable()
    ):  # most of it is, and then there is nothing to look for
        return clip(" ".join(text.split()), limit)
    kept = "".join(
        char
        for char in text
        if char.isspace() or char in _JOINERS or unicodedata.category(char) not in _INVISIBLE
    )
    line = _STRAY_JOINER.sub("", " ".join(kept.split())).strip()
    return _isolate(clip(line, limit))


def escape(text: str, limit: int = 300) -> str:
    """One line for mrkdwn: no markup, mention, link, emoji name or control of the text's own survives."""
    line = plain(text, limit).translate(_LOOKALIKES)
    line = _UNDERSCORE_AT_AN_EDGE.sub("ˍ", line)
    line = _EMOJI_NAME.sub("꞉", line)
    if line.startswith(">"):  # at the start of a line even the entity quotes
        line = "›" + line[1:]
    return line.translate(_ENTITIES)


def unescape(text: str) -> str:
    """Our own mrkdwn as plain text: links, dates and mentions by their words, without bold."""
    said = _MENTION.sub(r"\1", _LINK.sub(r"\1", text)).replace("*", "").replace("`", "")
    for char, entity in ((">", "&gt;"), ("<", "&lt;"), ("&", "&amp;")):
        said = said.replace(entity, char)
    return said


def _isolate(text: str) -> str:
    """Right-to-left text between isolates, or it would carry the numbers after it to its other side."""
    if any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text):
        return f"\u2068{text}\u2069"
    return text


def _is_inside(text: str, cut: int) -> bool:
    before, after = text[cut - 1], text[cut]
    if before == "\u200d" or after in _JOINERS or _extends(after):
        return True
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return False
    halves = len(text[:cut]) - len(text[:cut].rstrip(_FLAG_HALVES))
    return halves % 2 == 1


_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def _is_flag_half(char: str) -> bool:
    return char in _FLAG_HALVES


def _extends(char: str) -> bool:
    """Whether it changes the character before it: an accent, a variation or a skin tone."""
    return unicodedata.category(char).startswith("M") or "\U0001f3fb" <= char <= "\U0001f3ff"
