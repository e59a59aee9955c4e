"""People: how an e-mail address becomes a hash, and the organisation it speaks for."""

import hashlib

from scoring.identity import FREE_MAIL_DOMAINS, domain_of


def person_hash(key: bytes, person: str) -> str:
    """A keyed hash of who somebody is (an e-mail address or a vendor's id), 32 hex digits.

    The same person under the same key gives the same hash in every source; case and spaces around
    an address do not matter.
    """
    return hashlib.blake2b(
        person.strip().lower().encode("utf-8", "replace"), key=key[:64], digest_size=16
    ).hexdigest()


def account_ref_of(email: str | None) -> str | None:
    """What an e-mail address says of who somebody works for: its domain, None for a free-mail one."""
    domain = domain_of(email) if email and "@" in email else None
    return None if domain in FREE_MAIL_DOMAINS else domain
