"""The program: configuration, use cases, Slack, delivery, jobs and the command line."""
