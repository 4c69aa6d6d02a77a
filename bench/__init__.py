"""`make bench`: the whole way of a day of calls beside DuckDB alone and PostgreSQL, in one run."""
