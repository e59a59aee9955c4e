"""Stand-in vendors telling one story, each in its own wire format."""

from sandbox.vendors.mounts import Vendors

__all__ = ["Vendors"]
