"""What is: both views of a unit, its agreement, the policy, and the actions that change any of it."""
