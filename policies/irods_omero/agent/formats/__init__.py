"""What is read in the bytes of files to know what belongs to them."""
