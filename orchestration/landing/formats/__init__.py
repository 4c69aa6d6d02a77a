"""What switches write: each native format in a module of its own, which ones there are, what an odd file looks like."""
