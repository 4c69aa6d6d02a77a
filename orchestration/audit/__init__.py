"""The independent reference rater: the rules of what a call costs, said a second time.

Plain Python with exact fractions. It reads the configuration files and CDRs itself and shares
nothing with the SQL that rates in production, so that the two can disagree and be caught at it:
in tests on random companies, and on random calls of each day before the day closes.

A call's way through the package: `company` (what is configured; `rates`, `profiles`) -> `rater`
(who, which table, which rate) -> `charge` (billed seconds and price) -> `consumption` (what
profiles cover of it) -> `money` (rounding and currencies).
"""
