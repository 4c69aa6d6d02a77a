"""Invoices and credit notes as files that one would send: CSV, JSON, PDF. The same document gives the same bytes."""
