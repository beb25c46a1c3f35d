"""What both sides should look like: pure functions and values, without input or output."""
