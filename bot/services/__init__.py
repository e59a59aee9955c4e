"""The use cases, as plain functions on Deps. None of them knows Slack."""
