"""What is to do: the difference between what is and what should be, as a plan."""
