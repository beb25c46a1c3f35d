"""What the project is set up and documented with."""
