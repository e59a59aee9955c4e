"""One module a revision, its date first."""
