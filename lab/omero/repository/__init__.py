"""The managed repository: uploads, imports and the files on disk."""
