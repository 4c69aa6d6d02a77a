"""Which rejected rows of earlier files a landed file has corrected, where no identity tells it.

By what its lines say: same_lines.sql. Or because somebody says it: said.sql. What stands in braces in them is explained
in landing/identity/__init__.py, but for `landed_lines`, a query of the file's rows with their lines and texts, and
`cells`, SQL of the cells of a text `plain`.
"""
