"""Hibernate's query language, as far as the lab evaluates it."""
