"""A file as rows of texts, whatever it is written in: opened by its name, its first bytes and its source's format."""
