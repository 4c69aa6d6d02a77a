"""Which closed days were rated from what is different now, and why.

A leg is rated under the configuration and the decks of the closing that posted it. Nothing more is kept of that:
what has changed since is what the archived configuration and today's differ in, and the decks accepted after it. So
a change that is taken back is none, and one that speaks of no call of the day marks nothing.

Where rows answer by a name (whose trunk, which table, whose terms, which exchange), a day is outdated when one of its
legs asked for that name at a time when the answers differ (by_name.sql). Where rows decide how a rate is chosen
(prices, bands, regions, numbers), the legs they could touch are rated again in memory by the rating's own SQL, a
few of each kind first, and the day is outdated when that says anything else than what is stored (again.py).
"""

from orchestration.operations.day.outdated.settle import settle

__all__ = ["settle"]
