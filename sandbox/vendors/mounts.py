"""Where each stand-in vendor is mounted, and the switchboard that makes them misbehave."""

from datetime import datetime

from starlette.routing import Mount

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.amplitude import Amplitude
from sandbox.vendors.customerio import CustomerIo
from sandbox.vendors.faults import Faults
from sandbox.vendors.hubspot import HubSpot
from sandbox.vendors.intercom import Intercom
from sandbox.vendors.mailchimp import Mailchimp
from sandbox.vendors.mixpanel import Mixpanel
from sandbox.vendors.sendgrid import SendGrid
from sandbox.vendors.stripe import Stripe
from sandbox.vendors.surveymonkey import SurveyMonkey
from sandbox.vendors.switchboard import Switchboard
from sandbox.vendors.typeform import Typeform
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.zendesk import Zendesk

VENDORS: tuple[type[Vendor], ...] = (
    Mixpanel,
    Zendesk,
    Stripe,
    HubSpot,
    Amplitude,
    CustomerIo,
    Intercom,
    Mailchimp,
    SendGrid,
    SurveyMonkey,
    Typeform,
)


class Vendors:
    """The vendors of one story."""

    def __init__(self, story: Story, clock: Clock) -> None:
        self.faults = Faults(tuple(vendor.name for vendor in VENDORS))
        self.all: tuple[Vendor, ...] = tuple(
            vendor(story, clock, self.faults) for vendor in VENDORS
        )
        self._switchboard = Switchboard(clock, self.faults, self.counts)

    def mounts(self) -> list[Mount]:
        return [
            Mount("/sandbox/vendors", routes=self._switchboard.routes()),
            *(Mount(f"/{vendor.name}", routes=vendor.routes()) for vendor in self.all),
        ]

    def deliver(self, now: datetime) -> None:
        """Let every vendor that calls by itself do so."""
        for vendor in self.all:
            vendor.deliver(now)

    def counts(self) -> dict[str, int]:
        """Requests so far, by vendor."""
        return {vendor.name: vendor.requests for vendor in self.all}
