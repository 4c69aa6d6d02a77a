"""The proof: a made-up month through the real operations, beside an independent ledger (README.md)."""
