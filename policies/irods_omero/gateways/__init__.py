"""The two sides as the agent sees them: gateways observe and apply, and decide nothing."""
