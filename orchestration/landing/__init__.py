"""Files as they arrive, read into the columns of the schema `landed`."""
