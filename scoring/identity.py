"""Identity: which account a vendor's organisation stands for, by explicit id, then by domain, never by guess."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scoring.accounts import AccountId

# Mail providers anybody can have an address at: such a domain says nothing of who somebody works for.
FREE_MAIL_DOMAINS = frozenset(
    """
    126.com 139.com 163.com 188.com abv.bg alice.it aol.co.uk aol.com aol.de aol.fr arcor.de att.net
    bellsouth.net bigpond.com bk.ru bluewin.ch blueyonder.co.uk bol.com.br btinternet.com centrum.cz
    charter.net citromail.hu comcast.net cox.net daum.net docomo.ne.jp duck.com earthlink.net email.cz
    email.de ezweb.ne.jp fastmail.com foxmail.com free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch
    gmx.co.uk gmx.com gmx.de gmx.eu gmx.fr gmx.net gmx.us googlemail.com hanmail.net hetnet.nl hey.com home.nl
    hotmail.be hotmail.ca hotmail.co.uk hotmail.com hotmail.com.br hotmail.de hotmail.es hotmail.fr hotmail.it
    hotmail.nl icloud.com ig.com.br inbox.lv inbox.ru interia.pl laposte.net libero.it list.ru live.ca live.cn
    live.co.uk live.com live.de live.fr live.it live.nl mac.com mail.com mail.de mail.ru mailbox.org me.com
    msn.com naver.com neuf.fr ntlworld.com o2.pl onet.pl op.pl optonline.net optusnet.com.au orange.fr
    outlook.at outlook.be outlook.com outlook.com.br outlook.de outlook.es outlook.fr outlook.it outlook.jp
    outlook.pt planet.nl pm.me posteo.de posteo.net privaterelay.appleid.com proton.ch proton.me protonmail.ch
    protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com rogers.com sbcglobal.net seznam.cz sfr.fr
    shaw.ca sina.cn sina.com sky.com sohu.com sympatico.ca t-online.de talktalk.net telenet.be telus.net
    terra.com.br tin.it tiscali.it tuta.com tuta.io tutamail.com tutanota.com tutanota.de ukr.net uol.com.br
    verizon.net virgilio.it virginmedia.com wanadoo.fr web.de wp.pl xtra.co.nz ya.ru yahoo.at yahoo.ca
    yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.nz yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au
    yahoo.com.br yahoo.com.hk yahoo.com.mx yahoo.com.ph yahoo.com.sg yahoo.com.tw yahoo.com.vn yahoo.de
    yahoo.es yahoo.fr yahoo.gr yahoo.ie yahoo.in yahoo.it yahoo.no yahoo.pl yahoo.ro yahoo.se yandex.by
    yandex.com yandex.kz yandex.ru yandex.ua yeah.net ymail.com ziggo.nl zoho.com
    """.split()
)

_LEGAL_FORMS = frozenset(
    "inc llc ltd limited corp corporation co company gmbh ag kg se sa sas sarl bv nv ab oy plc pty srl spa".split()
)
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}")
_HOST_LENGTH = 253


class MatchedBy(StrEnum):
    """How a link came about. Every link remembers it."""

    RECORD = "record"  # the system of record: this organisation made the account
    ID = "id"  # the same explicit id
    DOMAIN = "domain"  # a domain only one account has
    PERSON = "person"  # a member said so


@dataclass(frozen=True, slots=True)
class Match:
    """The account an organisation stands for, and what says so."""

    account_id: AccountId
    by: MatchedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A vendor's organisation that stands for an account, and what made it so."""

    id: int
    source: str
    ref: str
    name: str
    account_id: AccountId
    matched_by: MatchedBy
    matched_at: datetime
    linked_by: str | None = None  # the member who said so; None: a rule did


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A vendor's organisation that stands for no account yet.

    `name` is empty where the vendor never described it: then it is nothing but its `ref`.
    """

    link_id: int
    source: str
    ref: str
    name: str
    account_key: str | None
    domains: tuple[str, ...]
    first_seen_at: datetime

    def could_be_account(self, record: str) -> bool:
        """Whether it is a customer the system of record described: nothing but a person may join it to another."""
        return self.source == record and self.name != ""


def match(
    *,
    account_key: str | None,
    domains: Sequence[str],
    accounts_by_key: Mapping[str, AccountId],
    accounts_by_domain: Mapping[str, AccountId],
) -> Match | None:
    """The account an organisation stands for, or None: then it waits for a person.

    An explicit id decides alone. `accounts_by_domain` holds only domains that one account has.
    An organisation whose domains point at two accounts is in conflict and matches neither.
    """
    if account_key is not None and (found := accounts_by_key.get(account_key)) is not None:
        return Match(found, MatchedBy.ID)
    candidates = {
        accounts_by_domain[each] for each in identifying(domains) if each in accounts_by_domain
    }
    return Match(candidates.pop(), MatchedBy.DOMAIN) if len(candidates) == 1 else None


def identifying(domains: Sequence[str]) -> tuple[str, ...]:
    """The domains that can identify an account: all but the free-mail ones."""
    return tuple(each for each in domains if each not in FREE_MAIL_DOMAINS)


def domain_of(text: str | None) -> str | None:
    """The host name in an e-mail address, URL or bare domain, lower case, without "www.".

    International names come out in their ASCII form. None when there is no host name in it.
    """
    if not text:
        return None
    address = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    host = re.split(r"[/?#]", address, maxsplit=1)[0].rsplit("@", 1)[-1].split(":", 1)[0]
    host = re.sub(r"^(?:www\.)+", "", host).rstrip(".")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return host if len(host) <= _HOST_LENGTH and _HOST.fullmatch(host) else None


def normalise_name(name: str) -> str:
    """A name as it is looked up: lower case, no accents, no punctuation, no legal form at its end.

    Latin letters become ASCII, other scripts stay. Never empty unless the name has no letter or digit.
    """
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    plain = re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", plain)
    plain = re.sub(r"['’]|(?<=\b[a-z])\.(?=[a-z]\b)", "", plain)  # O'Neill, S.A.
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", plain))
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)
