"""The vendors: what they tell (sources) and what they are told (sinks). Nothing of Slack's app or our database."""
