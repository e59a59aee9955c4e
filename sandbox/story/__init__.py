"""The story: a seeded book of accounts whose days every vendor tells in its own words.

It is a pure function of the seed, the account and the day: nothing depends on the order in
which it is asked, and it has no end.
"""

from sandbox.story.accounts import OWNERS, Account, Owner
from sandbox.story.activity import Deed
from sandbox.story.billing import PLANS
from sandbox.story.book import Story
from sandbox.story.courses import CORE_FEATURES, INSTALLED

__all__ = ["CORE_FEATURES", "INSTALLED", "OWNERS", "PLANS", "Account", "Deed", "Owner", "Story"]
