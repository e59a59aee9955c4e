"""What people do in Slack, one file a story: acknowledge, answer, respond."""
