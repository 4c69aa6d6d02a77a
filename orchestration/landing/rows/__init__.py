"""Texts to typed values: the columns of each kind of file, how a cell must look, why a row is rejected."""
