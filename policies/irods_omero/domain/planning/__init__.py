"""What is to be done: the difference between what is and what should be, as a plan."""
