"""The whole system against a simple reference: whatever happens in whatever order, both sides agree in the end."""
