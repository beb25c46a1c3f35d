"""What should be: for each field of a unit the rule that decides what both sides are to say."""
