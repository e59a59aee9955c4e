"""What is said in Slack: pure functions from domain values to Block Kit messages."""
