"""Tests that need no servers, in folders named as the packages that they are about."""
