"""What belongs together by the rules of each format, and which file of it is opened."""
