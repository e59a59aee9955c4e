"""Identity: which account a vendor's organisation stands for, and the domain that may say so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.accounts import AccountId
from scoring.identity import (
    FREE_MAIL_DOMAINS,
    Match,
    MatchedBy,
    domain_of,
    identifying,
    match,
    normalise_name,
)

ACME, GLOBEX = AccountId(1), AccountId(2)
BY_KEY = {"acme-1": ACME, "globex-2": GLOBEX}
BY_DOMAIN = {"acme.com": ACME, "acme.io": ACME, "globex.com": GLOBEX}


def matched(*domains, key=None, by_domain=BY_DOMAIN):
    return match(
        account_key=key, domains=domains, accounts_by_key=BY_KEY, accounts_by_domain=by_domain
    )


def test_an_explicit_id_wins_over_every_domain():
    assert matched("globex.com", key="acme-1") == Match(ACME, MatchedBy.ID)
    assert matched("acme.com", "globex.com", key="acme-1") == Match(ACME, MatchedBy.ID)


def test_an_id_nobody_has_leaves_it_to_the_domain():
    assert matched("acme.com", key="unheard-of") == Match(ACME, MatchedBy.DOMAIN)


def test_ids_are_compared_as_written():
    assert matched(key="ACME-1") is None


@pytest.mark.parametrize(
    "domains", [("acme.com",), ("acme.com", "acme.io"), ("new.org", "acme.io")]
)
def test_domains_of_one_account_match_it(domains):
    assert matched(*domains) == Match(ACME, MatchedBy.DOMAIN)


def test_domains_of_two_accounts_are_a_conflict_and_match_nobody():
    assert matched("acme.com", "globex.com") is None


@pytest.mark.parametrize("domains", [(), ("new.org",), ("mail.acme.com",), ("acme.com.evil.org",)])
def test_domains_no_account_has_match_nobody(domains):
    assert matched(*domains) is None


@pytest.mark.parametrize("domain", sorted(FREE_MAIL_DOMAINS))
def test_a_free_mail_domain_never_identifies_even_if_only_one_account_uses_it(domain):
    assert matched(domain, by_domain={domain: ACME}) is None
    assert matched(domain, "acme.com") == Match(ACME, MatchedBy.DOMAIN)


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "outlook.de", "yahoo.ca", "hotmail.es", "gmx.fr", "posteo.de", "tuta.io"],
)
def test_free_mail_is_known_in_many_countries(domain):
    assert identifying([domain, "acme.com"]) == ("acme.com",)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("ann@acme.com", "acme.com"),
        ("  Ann.Lee+news@ACME.Com ", "acme.com"),
        ("mailto:ann@acme.com", "acme.com"),
        ('"ann@home"@acme.com', "acme.com"),
        ("acme.com", "acme.com"),
        ("WWW.Acme.com.", "acme.com"),
        ("https://www.acme.com/pricing?from=ad#top", "acme.com"),
        ("http://ann:secret@acme.com:8080/x", "acme.com"),
        ("acme.com/about", "acme.com"),
        ("https://blog.example/@acme.com", "blog.example"),  # a handle in a path is no host
        ("https://blog.example/?by=ann@acme.com", "blog.example"),
        ("shop.acme.co.uk", "shop.acme.co.uk"),
        ("ann@bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("почта@пример.рф", "xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_the_domain_of_an_address_a_url_or_a_bare_host(text, domain):
    assert domain_of(text) == domain


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "",
        "   ",
        "acme",
        "localhost",
        "ann@",
        "@",
        "ann@localhost",
        "192.168.0.1",
        "http://[::1]/",
        "acme..com",
        "-acme.com",
        "acme-.com",
        "ac me.com",
        "acme.com globex.com",
        "acme.com\n/x",
        "Ann <ann@acme.com>",
        f"{'a' * 64}.com",
        "a." * 200 + "com",
        "n/a",
    ],
)
def test_garbage_has_no_domain(garbage):
    assert domain_of(garbage) is None


@given(st.text(max_size=80))
@settings(deadline=None)
def test_any_text_has_a_clean_domain_or_none(text):
    found = domain_of(text)
    assert found is None or (found.isascii() and found == found.lower() == domain_of(found))


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME   Corporation", "acme"),
        ("Müller GmbH", "muller"),
        ("Müller GmbH & Co. KG", "muller"),
        ("Straße AG", "strasse"),
        ("Ørsted A/S", "orsted a s"),
        ("Łódź Software Sp. z o.o.", "lodz software sp z oo"),
        ("L'Oréal S.A.", "loreal"),
        ("J.P. Morgan", "jp morgan"),
        ("Acme.com", "acme com"),
        ("ＡＣＭＥ", "acme"),
        ("🚀 Rocket Labs 🚀", "rocket labs"),
        ("GmbH", "gmbh"),  # a name may not vanish
        ("Яндекс", "яндекс"),
        ("Яндекс Cloud", "яндекс cloud"),
        ("東京 KG", "東京"),
        ("大阪 KG", "大阪"),
        ("3M Co", "3m"),
        ("🚀", ""),
        ("", ""),
    ],
)
def test_a_name_as_it_is_looked_up(name, normal):
    assert normalise_name(name) == normal


european = st.text(st.characters(max_codepoint=0x52F), max_size=60)  # Latin, Greek, Cyrillic


@given(european)
@settings(deadline=None)
def test_a_name_with_a_letter_or_digit_never_comes_out_empty(name):
    assert bool(normalise_name(name)) >= any(map(str.isalnum, name))


@given(european)
@settings(deadline=None)
def test_looking_up_what_was_looked_up_finds_the_same(name):
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@given(st.from_regex(r"[A-Za-z0-9 .,&-]{1,30}", fullmatch=True))
@settings(deadline=None)
def test_capitals_never_matter(name):
    assert normalise_name(name.upper()) == normalise_name(name.lower())
