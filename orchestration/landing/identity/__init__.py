"""Rows that were there before: duplicates, conflicts, and versions that supersede others.

Rows have the same identity when the kind's identity columns and the source are equal and they are near: of the
same UTC day or of neighbours, for switches and gateways reuse their ids; payments of any day, unless they are
said to be others (`again`). Sequentially, each row in the
order of the file is compared with the rows that have landed: equal in every column is a
duplicate, else a conflict; so is a payment that landed from another source. Here that is done in
sets, and almost always ends with the probe.

The steps are the SQL files of this folder. What varies by the kind of row stands in braces in them: `table`;
`identity` and `stored`, lists of its columns; `same_identity` and `same_rest`, whether a row `r` and another, `o`,
are the same in the identity columns, and in all others, null being the same as null; `differences`, what they say
otherwise, column by column, and `remedy`, what helps then; `near`, whether their days are
near; `same_payment`, whether two of two sources are one payment; `row_id` and `attempt`, the columns that name a
rejected row, or null; `as_read_today`, all columns of a row that landed by older rules, as its record is read today.
The $parameters are those of `Fresh`.
"""
