"""The `tollbook` commands by subject: each parses, calls an operation and prints. cli.py puts them together."""
