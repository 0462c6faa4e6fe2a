import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange


def test_keys_can_be_changed_while_running() -> None:
    exchange = Exchange(1, ManualClock(), n_accounts=2)
    key = exchange.accounts()[1].key
    assert key.is_read_only
    assert not key.is_master
    assert key.parent_uid == exchange.accounts()[0].uid
    exchange.set_key(key.api_key, is_read_only=False, ips=())
    changed = exchange.key(key.api_key)
    assert changed is not None
    assert (changed.is_read_only, changed.ips) == (False, ())
    assert exchange.account(key.uid).key == changed


def test_unknown_keys_are_nobodys() -> None:
    exchange = Exchange(1, ManualClock(), n_accounts=1)
    assert exchange.key("nope") is None
    with pytest.raises(ValueError, match="api_key"):
        exchange.set_key("nope", ips=())


def test_no_secret_shows_in_a_repr() -> None:
    info = Exchange(1, ManualClock(), n_accounts=1).accounts()[0]
    assert info.key.api_secret not in repr(info)
    assert info.key.api_secret not in repr(info.key)
