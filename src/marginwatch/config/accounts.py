"""The ``[[account]]`` tables: what to watch, where it is spoken to, and with which keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from marginwatch.config.endpoints import endpoints_of
from marginwatch.config.secrets import parse_reference, resolve
from marginwatch.config.settings import RefusedAccount
from marginwatch.config.table import Complaints, read_table
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.model.ids import AccountId
from marginwatch.model.secret import Secret

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

NO_SECRET = Secret("")


class AccountTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[account]]`` table as written; :class:`AccountSpec` says what each key means.

    ``environment`` and ``urls`` exclude each other; without both, ``environment`` is ``live``.
    """

    id: Name
    venue: Name
    environment: Name | None = None
    urls: dict[str, Any] | None = None
    api_key: str
    api_secret: str
    passphrase: str | None = None
    owner: Name | None = None
    desk: Name | None = None
    tags: tuple[Name, ...] = ()
    uid: Annotated[int, msgspec.Meta(ge=1)] | Name | None = None
    allow_unsafe_key: bool = False
    topics: Literal["all-in-one", "categorised"] = "all-in-one"
    enabled: bool = True


def read_accounts(
    complaints: Complaints, tables: Sequence[object], folder: Path
) -> tuple[tuple[AccountSpec, ...], tuple[RefusedAccount, ...]]:
    """Return the usable accounts and those whose secrets cannot be read, both in the order of the file.

    What is wrong with the text of the file is noted in ``complaints``; a secret that is not there today (a variable
    not exported, a file not mounted) refuses its account alone, and does not matter while the account is disabled.
    """
    accounts: list[AccountSpec] = []
    refused: list[RefusedAccount] = []
    line_by_id: dict[str, str] = {}
    holder_by_key: dict[Secret, str] = {}
    for index, values in enumerate(tables):
        reader = _AccountReader(complaints, index, folder)
        if (table := reader.read(values)) is None:
            continue
        if (first := line_by_id.setdefault(table.id, reader.place("id"))) != reader.place("id"):
            reader.refuse("id", f"id {table.id!r} is given twice, first at {first}; rename one")
            continue
        spec = reader.spec(table)
        if spec is None:
            continue
        if reader.reasons and spec.is_enabled:
            refused.append(RefusedAccount(spec=spec, reason="; ".join(reader.reasons)))
            continue
        if (
            spec.api_key != NO_SECRET
            and (holder := holder_by_key.setdefault(spec.api_key, table.id)) != table.id
        ):
            # One ledger watched twice would be counted twice in every total.
            reader.refuse(
                "api_key", f"api_key is that of account {holder!r} too; give each account a key of its own"
            )
            continue
        accounts.append(spec)
    return tuple(accounts), tuple(refused)


class _AccountReader:
    """Reads one table; ``reasons`` is why the account alone is refused, if it is."""

    def __init__(self, complaints: Complaints, index: int, folder: Path) -> None:
        self._complaints = complaints
        self._index = index
        self._folder = folder
        self.reasons: list[str] = []

    def place(self, key: str) -> str:
        return self._complaints.place(("account", self._index, key))

    def refuse(self, key: str, message: str) -> None:
        self._complaints.refuse(("account", self._index, key), f"[[account]] {message}")

    def read(self, values: object) -> AccountTable | None:
        good = read_table(self._complaints, ("account", self._index), values, AccountTable)
        if any(field.required and field.name not in good for field in msgspec.structs.fields(AccountTable)):
            return None
        table = AccountTable(**good)
        if not table.id.isprintable() or table.id != table.id.strip() or "/" in table.id:
            self.refuse(
                "id", f"id {table.id!r} must be printable, without '/' and without blanks at its ends"
            )
        named = {"owner": (table.owner,), "desk": (table.desk,), "tags": table.tags}
        for key, names in named.items():
            for name in names:
                if name is not None and not name.isprintable():
                    self.refuse(key, f"{key} {name!r} must be printable")
        return table

    def spec(self, table: AccountTable) -> AccountSpec | None:
        """Return the account; with empty secrets and ``reasons`` where they cannot be read; None if it is wrong."""
        try:
            exchange, venue, endpoints = endpoints_of(table.venue, table.environment, table.urls)
        except ConfigError as error:
            self.refuse(
                error.reason if error.reason in ("venue", "environment", "urls") else "venue", error.message
            )
            return None
        secrets = {key: self._secret(key, text) for key, text in self._references(table)}
        return AccountSpec(
            account_id=AccountId(table.id),
            exchange=exchange,
            venue=venue,
            endpoints=endpoints,
            api_key=NO_SECRET if self.reasons else secrets["api_key"],
            api_secret=NO_SECRET if self.reasons else secrets["api_secret"],
            passphrase=None if self.reasons else secrets.get("passphrase"),
            owner=table.owner,
            desk=table.desk,
            tags=tuple(dict.fromkeys(table.tags)),
            uid=None if table.uid is None else str(table.uid),
            allow_unsafe_key=table.allow_unsafe_key,
            topics=table.topics,
            is_enabled=table.enabled,
        )

    @staticmethod
    def _references(table: AccountTable) -> list[tuple[str, str]]:
        named = [("api_key", table.api_key), ("api_secret", table.api_secret)]
        return named if table.passphrase is None else [*named, ("passphrase", table.passphrase)]

    def _secret(self, key: str, text: str) -> Secret:
        try:
            reference = parse_reference(text)
        except ConfigError as error:
            self.refuse(key, f"{key} {error.message}")
            return NO_SECRET
        try:
            secret, warning = resolve(reference, self._folder)
        except ConfigError as error:
            self.reasons.append(f"{self.place(key)}: {key}: {error.message}")
            return NO_SECRET
        if warning is not None:
            self._complaints.warn(("account", self._index, key), f"[[account]] {key}: {warning}")
        return secret
