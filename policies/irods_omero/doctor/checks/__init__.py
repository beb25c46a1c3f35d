"""What the doctor makes of the facts: one function a check."""
