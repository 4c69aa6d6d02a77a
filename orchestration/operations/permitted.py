"""Who may do what: every command that holds the writer's place is asked here, and nowhere else.

The configuration that is loaded decides, and who may bring in another one is asked of it: docs/operators.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from orchestration.configuration import hands
from orchestration.configuration.hands import Hands
from orchestration.configuration.roles import COMMANDS, CONFIGURE, EVERYTHING, Act
from orchestration.store import journal
from orchestration.store.failures import user
from orchestration.store.warehouse import Home, Refused, Writer, operator, writer


@contextmanager
def writing(home: Home, command: str, *, begin: bool = True, enters: bool = True) -> Iterator[Writer]:
    """`writer` for a command of `COMMANDS`. Raises `Refused` where the operator may not give it."""
    act = COMMANDS[command]
    with writer(home, command.partition(" --")[0], begin=begin, enters=enters) as held:
        if act.changes:
            _require(deciding(held, None if begin else _kept(home)), act)
        yield held


def require(held: Writer, act: Act, account: str | None = None) -> None:
    """Refuse unless the operator has a role that may do this, and may act for `account`.

    `account` None: it is about every account, which only an operator without a list of accounts may do. Without any
    operator everyone may. What the journal does again nobody is asked. Raises `Refused`, which says who asks and what
    is needed.
    """
    if not held.replays:
        decided = deciding(held)
        _require(decided, act)
        refuse_accounts(decided, acting(decided), account)


def bring_in(held: Writer) -> None:
    """Refuse to load the configuration in seeds/ unless the operator may; what it says of who may do what only an admin
    by the one that is loaded may bring in, or whoever the deployment's folder belongs to."""
    if held.replays:
        return
    before, after = _loaded(held), hands.written(held.home.seeds)
    _require(deciding(held, before), CONFIGURE)
    if before != after and not _may_bring_in(held.home, before):
        raise Refused(f"seeds/ says otherwise than is loaded who may do what: {_brought_in_by(held.home, before)}")


def deciding(held: Writer, before: Hands | None = None) -> Hands:
    """What decides who may do what: what is loaded (`before`), or seeds/ where the operator may bring that in."""
    before = _loaded(held) if before is None else before
    after = hands.written(held.home.seeds)
    if after is None or after == before:
        return before
    return after if _may_bring_in(held.home, before) else replace(before, where="the operators.csv that is loaded")


def acting(decided: Hands) -> str:
    """Who acts. Raises `Refused` where TOLLBOOK_OPERATOR says it, and may not."""
    named, own = os.environ.get("TOLLBOOK_OPERATOR"), user()
    if named and named != own and decided.operators and not decided.trusts_variable:
        raise Refused(
            f"TOLLBOOK_OPERATOR is {named}, and seeds/company.csv does not trust it: unset it, to act as {own}, or have"
            " an admin write true there (trust_operator_variable)"
        )
    return operator()


def lacking(decided: Hands, who: str, act: Act) -> str | None:
    """Why one may not do what needs a role, in words; None where he may."""
    if not decided.operators:
        return None
    needed = " or ".join(act.roles)
    row = decided.operators.get(who)
    if row is None:
        return f"{who} is not in {decided.where}; this needs the role {needed}: add a row for {who} there"
    if row.role not in act.roles:
        return f"{who} is {row.role} in {decided.where}; this needs the role {needed}"
    return None if act.of_an_account else _beyond(decided, who, None)


def refuse_accounts(decided: Hands, who: str, account: str | None) -> None:
    """Refuse who has a list of accounts what is about another one, or (None) about all of them."""
    if said := _beyond(decided, who, account):
        raise Refused(said)


def _beyond(decided: Hands, who: str, account: str | None) -> str | None:
    row = decided.operators.get(who)
    if row is None or not row.accounts or account in row.accounts:
        return None
    return f"{who} acts for {', '.join(row.accounts)} in {decided.where}; this is about {account or 'all accounts'}"


def _require(decided: Hands, act: Act) -> None:
    if said := lacking(decided, acting(decided), act):
        raise Refused(said)


def _loaded(held: Writer) -> Hands:
    with held.connect() as con:
        return hands.loaded(con)


def _kept(home: Home) -> Hands:
    """By the configuration that the journal loaded last: a rebuild has no warehouse to ask."""
    versions = [line["version"] for line in journal.effective(home.journal) if line["action"] == "configure"]
    return (hands.written(home.archive / "config" / str(versions[-1])) if versions else None) or Hands()


def _may_bring_in(home: Home, before: Hands) -> bool:
    """Whether the operator may change who may do what; from the owner of the deployment's folder nothing is kept."""
    if not before.operators:
        return True
    named = os.environ.get("TOLLBOOK_OPERATOR") if before.trusts_variable else None
    return (named or user()) in before.admins or (not named and home.root.stat().st_uid == os.geteuid())


def _brought_in_by(home: Home, before: Hands) -> str:
    owner = f"the owner of {home.root}"
    return f"one who is {EVERYTHING} there ({', '.join(before.admins) or 'nobody'}), or {owner}, brings that in"
