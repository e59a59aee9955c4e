"""Where each stand-in vendor is mounted, and the switchboard that makes them misbehave."""

from starlette.routing import Mount

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.faults import Faults
from sandbox.vendors.hubspot import HubSpot
from sandbox.vendors.mixpanel import Mixpanel
from sandbox.vendors.stripe import Stripe
from sandbox.vendors.switchboard import Switchboard
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.zendesk import Zendesk

_VENDORS: tuple[type[Vendor], ...] = (Mixpanel, Zendesk, Stripe, HubSpot)


class Vendors:
    """The four vendors of one story."""

    def __init__(self, story: Story, clock: Clock) -> None:
        self.faults = Faults(tuple(vendor.name for vendor in _VENDORS))
        self.all: tuple[Vendor, ...] = tuple(
            vendor(story, clock, self.faults) for vendor in _VENDORS
        )
        self._switchboard = Switchboard(clock, self.faults, self.counts)

    def mounts(self) -> list[Mount]:
        return [
            Mount("/sandbox/vendors", routes=self._switchboard.routes()),
            *(Mount(f"/{vendor.name}", routes=vendor.routes()) for vendor in self.all),
        ]

    def counts(self) -> dict[str, int]:
        """Requests so far, by vendor."""
        return {vendor.name: vendor.requests for vendor in self.all}


def mounts(story: Story, clock: Clock) -> list[Mount]:
    return Vendors(story, clock).mounts()
