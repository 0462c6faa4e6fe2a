"""Private endpoints of the asset module (wallets outside the unified account) and of keys and members.

The demo host has no asset endpoints. Documents: v5/asset/balance/*, v5/user/* (2026-07).
"""

import datetime as dt
from decimal import Decimal

from marginwatch.sim.bybit import render_activity
from marginwatch.sim.bybit.envelope import Result, bad_parameter, permission_denied
from marginwatch.sim.bybit.front import Call, Route
from marginwatch.sim.bybit.paging import read_limit

DAY_MS = 86_400_000


def _member(call: Call) -> str:
    """Return whose wallet is asked for: a sub-account only through its master's key."""
    member = call.get("memberId")
    if not member or member == call.uid:
        return call.uid
    if member not in {account.uid for account in call.exchange.sub_members(call.uid)}:
        raise permission_denied()
    return member


def _balances(call: Call, uid: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Return coin → (balance, transferable) of the wallet asked for."""
    kind = call.get("accountType")
    if kind == "FUND":
        return {coin: (amount, amount) for coin, amount in call.exchange.funding_balances(uid).items()}
    if kind == "UNIFIED":
        coins = call.exchange.wallet(uid).coins
        return {
            coin.coin: (coin.wallet_balance, call.exchange.withdrawable(uid, coin.coin)) for coin in coins
        }
    raise bad_parameter("params error: accountType invalid")


def _coins_balance(call: Call) -> Result:
    uid = _member(call)
    names = [name for name in call.get("coin").split(",") if name]
    if call.get("accountType") == "UNIFIED" and not 1 <= len(names) <= 10:
        raise bad_parameter("params error: coin is required for UNIFIED, 10 at most")
    balances = _balances(call, uid)
    none = (Decimal(0), Decimal(0))
    return {
        "memberId": uid,
        "accountType": call.get("accountType"),
        "balance": [
            render_activity.member_balance(name, *balances.get(name, none)) for name in names or balances
        ],
    }


def _coin_balance(call: Call) -> Result:
    uid, coin = _member(call), call.get("coin")
    if not coin:
        raise bad_parameter("params error: coin is required")
    row = render_activity.member_balance(coin, *_balances(call, uid).get(coin, (Decimal(0), Decimal(0))))
    return {
        "accountType": call.get("accountType"),
        "bizType": 1,
        "accountId": uid,
        "memberId": uid,
        "balance": row | {"transferSafeAmount": "", "ltvTransferSafeAmount": ""},
    }


def _coin_info(call: Call) -> Result:
    names = sorted({band.coin for band in call.exchange.collateral_bands(call.get("coin") or None)})
    chain = {
        "chain": "SIM",
        "chainType": "Simulated",
        "confirmation": "1",
        "withdrawFee": "0.001",
        "depositMin": "0",
        "withdrawMin": "0.001",
        "minAccuracy": "8",
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "withdrawPercentageFee": "0",
        "contractAddress": "",
        "safeConfirmNumber": "1",
    }
    return {
        "rows": [{"name": name, "coin": name, "remainAmount": "1000000", "chains": [chain]} for name in names]
    }


def _key_report(call: Call) -> Result:
    key = call.caller
    ends_ms = key.expires_ms
    return {
        "id": key.key_id,
        "note": key.note,
        "apiKey": key.api_key,
        "readOnly": int(key.is_read_only),
        "secret": "",
        "permissions": {name: list(values) for name, values in key.permissions.items()},
        "ips": list(key.ips) or ["*"],
        "type": 1,
        "deadlineDay": -2 if ends_ms is None else max(0, (ends_ms - call.front.now_ms()) // DAY_MS),
        "expiredAt": _iso(0 if ends_ms is None else ends_ms),
        "createdAt": _iso(key.created_ms),
        "unified": 0,
        "uta": 1,
        "userID": int(key.uid),
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": call.front.gatekeeper.rules.rsa_public_keys.get(key.api_key, ""),
        "isMaster": key.is_master,
        "parentUid": "0" if key.is_master else key.parent_uid,
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def _iso(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _members(call: Call) -> list[dict[str, object]]:
    return [
        {
            "uid": account.uid,
            "username": account.name,
            "memberType": 1,
            "status": 1,
            "remark": account.desk,
            "accountMode": 5,
        }
        for account in call.exchange.sub_members(call.uid)
    ]


def _sub_members(call: Call) -> Result:
    return {"subMembers": _members(call)[:1000]}


def _sub_member_pages(call: Call) -> Result:
    limit = read_limit(call.get("pageSize"), default=100, largest=100)
    cursor = call.get("nextCursor")
    chosen, following = call.page(
        _members(call), "" if cursor == "0" else cursor, limit, lambda row: str(row["uid"])
    )
    return {"subMembers": list(chosen), "nextCursor": following.rpartition("%2C")[2] or "0"}


ROUTES: dict[str, Route] = {
    path: Route(handler, is_private=True)
    for path, handler in {
        "/v5/asset/transfer/query-account-coins-balance": _coins_balance,
        "/v5/asset/transfer/query-account-coin-balance": _coin_balance,
        "/v5/asset/coin/query-info": _coin_info,
        "/v5/user/query-api": _key_report,
        "/v5/user/query-sub-members": _sub_members,
        "/v5/user/submembers": _sub_member_pages,
    }.items()
}

NOT_ON_DEMO = (
    "/v5/asset/transfer/",
    "/v5/asset/coin/",
    "/v5/asset/portfolio-margin",
    "/v5/account/fee-rate",
    "/v5/account/withdrawal",
)
"""Paths that the demo host does not serve (document: v5/demo)."""
