"""What we are told about an account before we have heard from it."""

import msgspec

from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where a venue is spoken to.

    Parameters
    ----------
    rest, private : str
        Base URL of the REST API; URL of the private stream.
    public : dict of str to str
        URL of the public stream of each category.
    """

    rest: str
    private: str
    public: dict[str, str]


class AccountSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One configured account, with its secrets resolved but redacted.

    Parameters
    ----------
    account_id : AccountId
        The desk's name for it.
    exchange : str
        ``bybit``, ``binance``, ``okx`` or a ccxt id.
    venue : VenueId
        Exchange and environment.
    endpoints : Endpoints
        Hosts of that environment, or those given by URL.
    api_key, api_secret, passphrase : Secret
        Credentials; an ``api_secret`` that is a PEM private key selects RSA.
    owner : str or None
        Collateral can move between accounts of one owner at one venue.
    desk : str or None
        Grouping for people.
    tags : tuple of str
        Free labels.
    uid : str or None
        If given, a key of another account is refused.
    allow_unsafe_key : bool
        Accept a key that can do more than read; shown on every page.
    topics : {'all-in-one', 'categorised'}
        Which form of private topics is subscribed; the two are never mixed.
    is_enabled : bool
        False keeps it in the file but out of the sessions.
    """

    account_id: AccountId
    exchange: str
    venue: VenueId
    endpoints: Endpoints
    api_key: Secret
    api_secret: Secret
    passphrase: Secret | None = None
    owner: str | None = None
    desk: str | None = None
    tags: tuple[str, ...] = ()
    uid: str | None = None
    allow_unsafe_key: bool = False
    topics: str = "all-in-one"
    is_enabled: bool = True


class KeyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says an API key may do.

    Parameters
    ----------
    uid : str
        The account the key belongs to.
    is_read_only : bool
        True exactly when the venue says so; lists of permissions are not evidence.
    permissions : tuple of str
        Names as listed by the venue, for display only.
    bound_ips : tuple of str
        Addresses the key is bound to; empty if it is not bound.
    expires_at_ns : int or None
        UTC nanoseconds; None if it does not expire.
    is_master : bool or None
        Whether it is a main account's key.
    """

    uid: str
    is_read_only: bool
    permissions: tuple[str, ...] = ()
    bound_ips: tuple[str, ...] = ()
    expires_at_ns: int | None = None
    is_master: bool | None = None
