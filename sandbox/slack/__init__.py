"""A stand-in Slack workspace: Web API, Socket Mode, and the people who use it.

What it does is taken from what Slack publishes (docs.slack.dev), not from what a bot expects of it.
"""
