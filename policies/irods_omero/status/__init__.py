"""How things stand: what agents say of themselves, what waits, what has failed and what is held."""
