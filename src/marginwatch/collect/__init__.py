"""Hears every account: one session each, shared budgets and sockets, and the public prices of what is held.

In: configured accounts, venues. Out: events into one synchronous sink, notices, quarantined payloads. State:
connection health and freshness, buffers of a resync, rate budgets. Never: a position or a balance of its own, a
call that writes at an exchange, the topic that makes an exchange cancel orders when we hang up.

Modules
-------
settings           the intervals and bounds a desk may configure
ports              what a venue must offer so that a session need not know which one it is
backoff            how long to wait after the nth failure in a row
timers             one shared task for every deadline of every session
wakeup             wait until told or until a deadline, without a task
socket             the thin WebSocket interface, over picows
socket_websockets  the same over the websockets library
socket_places      how many private sockets the limit of open files allows
call_window        how many calls one budget saw in its last moments
connection_queue   rations new sockets of one stream host, the most endangered first
budget             rate limits shared by all accounts of a host
planning           the intervals that a budget can keep for so many accounts
freshness          the health record of one account
event_buffer       what the socket said while a snapshot was being fetched
recent_fills       which executions were already told
backfill           the executions that a stream missed
key_watch          the key of one account, judged again and again
forced_actions     what the exchange did by force, as sentences for the owner
uid_registry       no exchange account is watched twice
services           what all sessions share
lifeline           one socket kept alive: opened through the queue, pinged, replaced when half open
link               the private socket of one account: log in, subscribe, read
sweeps             REST snapshots of one account: when, and what follows from each
session            one account from key check to live
supervisor         restarts what crashed
contract_lookup    loads the contracts that are not in the venue's list
pace               how fast slow facts may be asked for
facts              a venue's contracts, risk limits, collateral tiers and announced interruptions
account_facts      fees, collateral switches and borrow tiers
price_wishes       which contracts need a public price
ledger             lines of accounts' ledgers, from where the last reading ended
price_history      daily and hourly closes, fetched once and topped up
closes_in_memory   a keeper of closes that forgets
public_socket      one shared public socket
socket_group       the shared public sockets of one purpose
ticker_socket      a public socket that carries tickers
prices             the price feeds of one venue
ladder             one order book as its stream tells it
market             depth and early warnings of what is held
statuses           what is shown of sessions and of the start
fleet              all sessions: start, change at run time, stop
bybit              wires the Bybit parts into a port
check_ports        what a venue must offer for a check of its accounts
check_findings     what a check concludes from what it read
checkup            asks every account of one venue once
check_desk         checks all venues, then what is seen across accounts
"""
