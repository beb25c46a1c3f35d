"""The zone's catalog in SQLite: what is stored about users, resources, collections, replicas, AVUs and queued rules."""
