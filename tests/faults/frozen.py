"""Loaded last by the process that agents are forked from: what it has loaded is left alone by their garbage collection.

Without this each agent would look through all of it, and get a copy of each page that it looks at.
"""

import gc

gc.collect()
gc.freeze()
