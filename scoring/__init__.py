"""The domain: what an account's health is, and when to speak. Standard library only; no I/O, no clock."""
