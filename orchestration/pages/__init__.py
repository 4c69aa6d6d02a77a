"""Pages for people to look at: HTML files that need nothing but a browser. The same figures give the same bytes."""
