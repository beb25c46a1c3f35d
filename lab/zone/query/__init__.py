"""GenQuery: columns and conditions of iRODS, turned into SQL over the catalog."""
