"""``envizzy diag``: what is needed to see what is wrong, in one zip file."""
