"""The operations of the database plugin: changes of the catalog between the enforcement points that see them."""
