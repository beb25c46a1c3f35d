"""The zone's marks as the agent works with them: looks ahead, takes, clears and posts them."""
