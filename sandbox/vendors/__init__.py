"""Stand-in vendors: Mixpanel, Zendesk, Stripe and HubSpot telling one story, each in its own wire format."""

from sandbox.vendors.mounts import Vendors, mounts

__all__ = ["Vendors", "mounts"]
