"""Rate decks: carriers' price files read by a small mapping, reviewed, and accepted."""
