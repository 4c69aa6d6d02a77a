"""Taking a landed file back: its rows leave, and what they had kept out comes in, as if it had never landed.

The rules are the SQL files of this folder. What stands in braces in them is explained in landing/identity/__init__.py,
but for `gone`, the table that keeps rows of the kind which landed and do not count any more, and `as_gone`, all its
columns.
"""
