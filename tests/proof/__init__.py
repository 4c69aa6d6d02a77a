"""The proof: a month of a made-up company, played through the real operations and kept beside by an independent ledger."""
