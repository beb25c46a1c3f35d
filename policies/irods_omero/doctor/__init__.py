"""The doctor: observes an installation from all sides, and says for each mistake in it what to do."""
