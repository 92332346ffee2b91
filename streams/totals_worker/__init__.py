"""``envizzy totals``: Kafka around ``streams.totals``; the edge."""
