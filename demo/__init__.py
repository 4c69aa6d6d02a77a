"""A made-up company and its traffic: what `make demo` and the benchmark run on."""
