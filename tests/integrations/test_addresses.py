"""Vendors' addresses of organisations: recognised, built, and never taken for one another."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from integrations.addresses import PAGES, organisation_at, page_of

SETTINGS = {name: SimpleNamespace(subdomain="us") for name in (*PAGES, "mixpanel")}


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("https://dashboard.stripe.com/customers/cus_9s6XKzkNRiz8i3", ("stripe", "cus_9s6XKzkNRiz8i3")),
        ("https://dashboard.stripe.com/test/customers/cus_9/", ("stripe", "cus_9")),
        ("https://dashboard.stripe.com/acct_1Ab/test/customers/cus_9?a=b#c", ("stripe", "cus_9")),
        ("https://app.hubspot.com/contacts/77/record/0-2/4711", ("hubspot", "4711")),
        ("https://app-eu1.hubspot.com/contacts/77/record/0-2/4711/view/1", ("hubspot", "4711")),
        ("https://app.hubspot.com/contacts/77/company/4711/", ("hubspot", "4711")),
        ("https://us.zendesk.com/agent/organizations/900/tickets", ("zendesk", "900")),
        ("https://US.zendesk.com/agent/organizations/900", ("zendesk", "900")),
        # Pages of these vendors that are no organisation's, and what only looks like theirs.
        ("https://dashboard.stripe.com/customers", None),
        ("https://dashboard.stripe.com/invoices/in_1", None),
        ("https://app.hubspot.com/contacts/77/record/0-1/4711", None),
        ("https://app.hubspot.com/contacts/77/record/0-2/4711/delete", None),
        ("https://them.zendesk.com/agent/organizations/900", None),
        ("https://us.zendesk.com/agent/tickets/900", None),
        ("https://us.zendesk.com.evil.example/agent/organizations/900", None),
        ("https://evil.example/dashboard.stripe.com/customers/cus_9", None),
        ("https://dashboard.stripe.com@evil.example/customers/cus_9", None),
        ("http://dashboard.stripe.com/customers/cus_9", None),
        ("https://[broken/customers/cus_9", None),
        ("https://mixpanel.com/project/1", None),
        ("https://app.intercom.com/a/apps/ab12/companies/531ee472cce572a6ec000006", None),
        ("", None),
    ],
)  # fmt: skip
def test_an_address_is_an_organisations_or_none(address, meant):
    assert organisation_at(address, SETTINGS) == meant


def test_the_pages_of_a_source_that_is_not_read_mean_nothing():
    assert organisation_at("https://dashboard.stripe.com/customers/cus_9", {}) is None


@pytest.mark.parametrize("name", ["manifest.yml", "manifest.http.yml"])
def test_slack_is_asked_for_the_links_to_these_vendors_and_to_no_others(name):
    manifest = yaml.safe_load((Path(__file__).parents[2] / name).read_text("utf-8"))
    domains = manifest["features"]["unfurl_domains"]
    assert sorted(domains) == sorted(each.domain for each in PAGES.values())
    assert len(domains) <= 5


@pytest.mark.parametrize(
    ("source", "ref", "address"),
    [
        ("stripe", "cus_9", "https://dashboard.stripe.com/customers/cus_9"),
        ("zendesk", "900", "https://us.zendesk.com/agent/organizations/900"),
        ("zendesk", "acme.io", None),
        ("stripe", "cus_9/../secrets", None),
        ("hubspot", "4711", None),
        ("csv", "acme", None),
    ],
)
def test_what_is_built_is_recognised_and_nothing_else_is_built(source, ref, address):
    settings = SETTINGS.get(source, SimpleNamespace())
    assert page_of(source, settings, ref) == address
    if address:
        assert organisation_at(address, SETTINGS) == (source, ref)
