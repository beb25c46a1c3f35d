"""The checks that the doctor makes of the facts: one function for each."""
