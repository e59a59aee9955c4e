"""Names of companies and people: believable, unique by construction, and some of them awkward on purpose."""

from sandbox.story.dice import dice, mix

_FRONT = (
    "Silver", "Harbor", "Maple", "Iron", "Bright", "Clear", "Stone", "Blue", "North", "Ever", "Summit", "Red",
    "Oak", "Lake", "Golden", "Swift", "High", "Winter", "Copper", "Green", "Fair", "Wild", "Ash", "Kings",
    "Amber", "Black", "River", "Cedar", "East", "Falcon", "Moon", "Sand", "Thorn", "White", "Spring", "Frost",
)  # fmt: skip
_BACK = (
    "field", "brook", "gate", "point", "wood", "ridge", "bridge", "haven", "ford", "dale", "crest", "port",
    "stone", "view", "mill", "peak", "land", "well", "shore", "grove", "line", "mark", "way", "works",
)  # fmt: skip
_TRADE = (
    "Logistics", "Health", "Foods", "Labs", "Energy", "Software", "Retail", "Travel", "Media", "Robotics",
    "Insurance", "Studios", "Freight", "Analytics", "Education", "Partners", "Security", "Payments",
)  # fmt: skip
_LONG = (
    "The Honourable Guild of Upper and Lower Riverside Instrument Makers, Tuners, Restorers and Dealers "
    "in Second-Hand Pianofortes (Incorporated 1887) Limited Liability Partnership"
)
_AWKWARD = {
    3: ("Bell & Søn", "bellsoen.example"),
    8: ('The "Quiet" Company', "quietco.example"),
    13: ("Müller Größe GmbH", "mueller-groesse.example"),
    19: ("شركة النور للتجارة", "alnoor.example"),
    24: ("Rocket 🚀 Parcels", "rocketparcels.example"),
    31: ("<!channel> Media", "channelmedia.example"),
    38: (_LONG, "pianofortes.example"),
    45: ("O'Neil *Bold* _Brothers_", "oneilbrothers.example"),
}
_FIRST = (
    "Ada", "Bruno", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Katrin", "Luca",
    "Mina", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Yusuf",
)  # fmt: skip
_LAST = (
    "Abbott", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haas", "Ivanov", "Jensen", "Kim",
    "Larsen", "Moreau", "Novak", "Ortiz", "Petrov", "Rossi", "Sato", "Tanaka", "Usman", "Varga", "Weber",
)  # fmt: skip
_COMBINATIONS = len(_FRONT) * len(_BACK) * len(_TRADE)
_STRIDE = 4111  # coprime to the number of combinations, so walking by it meets each of them once


def company(index: int, seed: int) -> tuple[str, str]:
    """The name and domain of an account."""
    if index == 0:
        return "Acme Corporation", "acme.example"
    if index in _AWKWARD:
        return _AWKWARD[index]
    number = (index * _STRIDE + mix(seed, 1)) % _COMBINATIONS
    number, trade = divmod(number, len(_TRADE))
    front, back = divmod(number, len(_BACK))
    stem, kind = _FRONT[front] + _BACK[back], _TRADE[trade]
    # Past the last combination the story begins again with a number behind the name.
    again = f" {index // _COMBINATIONS + 1}" if index >= _COMBINATIONS else ""
    return f"{stem} {kind}{again}", f"{stem}{kind}{again}.example".lower().replace(" ", "")


def person(seed: int, account: int, number: int) -> tuple[str, str]:
    """First and last name of somebody at an account."""
    throws = dice(seed, account, number, 2)
    return throws.choice(_FIRST), throws.choice(_LAST)
