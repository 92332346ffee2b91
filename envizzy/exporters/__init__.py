"""What the routers send, judged: findings in words, and the lines that put them right."""
