"""Bybit's V5 wire protocol in front of the simulated exchange, close enough for pybit and ccxt to work against it.

In: a simulated exchange, faults. Out: REST replies and stream frames on a loopback port. State: sockets, rate
windows, what was last sent. Never: a number of its own: every figure comes from the exchange; code shared with the
parsers that read this protocol.

Modules
-------
server           the server: start, stop, addresses, tickers and idle sockets
tls              a certificate made at start
control          the remote control on a port of its own
account_control  its part that acts on accounts
market_control   the part of it that acts on the market
orders_given     what it can be asked for
gate             the door of every REST call
envelope         the reply envelope and refusals
auth             signatures, time windows, keys
key_rules        what is known about keys beyond the exchange's record
limits           rate limits, with the peaks reached
paging           pages and cursors
front            what all parts share; one REST call
rest_market      public endpoints
rest_trade       positions, orders, executions, closed profit
rest_account     wallet, modes, fees, ledger
rest_records     sessions, deliveries, the stress grid
rest_asset       wallets outside the account, keys, members
wire_numbers     exact numbers as texts
render_market    tickers, instruments, tiers
render_position  position rows
render_options   option tickers, listings, greeks
render_wallet    the unified wallet
render_portfolio the stress grid of portfolio margin
render_activity  orders, executions, ledger lines
lag              the private side standing still or telling the past
mishaps          what befalls the whole exchange: bans, freezes, crashes, dying keys
broken_replies   REST replies that break on their way
ret_codes        texts of refusals that are told, not earned
damage           damaged JSON
timers           calls in a while, in the time of the clock
frames           frames made once for many sockets
stream_socket    one client's socket, with faults
stream_requests  what clients say on a stream
topics           names of private topics
private_stream   log-in, topics, pushes of one account
public_stream    who listens to what in public
feed             one family of public topics
ticker_feed      tickers
book_feed        order books
book_numbers     update numbers of order books
trade_feed       public trades
liquidation_feed liquidations
pool_feed        insurance pools and deleveraging alerts
maintenance      announcements, and the stream of the system's status
"""
