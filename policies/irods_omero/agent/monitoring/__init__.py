"""What the agent tells of itself and of the zone: heartbeat, metrics, webhooks."""
