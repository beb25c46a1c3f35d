"""Formats of several files and of manifests, as plain values."""
