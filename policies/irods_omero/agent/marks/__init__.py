"""The zone's marks as the agent works with them: looks ahead, claims, acknowledges, releases and posts them."""
