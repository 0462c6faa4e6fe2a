"""Simulated exchanges: true accounts on a moving market, margined, funded and liquidated by an engine of their own.

In: a seed, a clock, a scenario. Out: frozen rows and an ordered stream of changes. State: the whole exchange, with
books that add up after every step. Never: code shared with venues or risk: an independent check must not share mistakes.

Modules
-------
rows         what readers get: frozen rows and changes
records      rows of sessions paid out and of deliveries
exchange     the exchange as one object: opened, stepped, run
market_rows  rows of order books, insurance pools, deleveraging alerts
market_controls  what can be done to the market
controls     what can be done to it, and what follows when prices move
settings     what an account's owner can set
reads        what can be read of it, and who listens
world        what the parts share: market, house, accounts, time, listeners
market       correlated prices with jumps; index, mark, funding rate, quotes
scenario     named market stories
moves        what moves coins: the model, the record or the replay of a crash
switching    volatility that comes in spells
recorded_prices  recorded days as joint returns
past_prices  what coins cost before the story began and at each hour since
candles      candles made from it
bootstrap    an endless history out of the recorded one
crash_days   named crashes as they were recorded
bridge       prices between recorded ones
depth        order books, made when somebody looks
liquidation_tape  liquidations of the many that are not simulated
pools        insurance pools as everybody sees them
coins        how coins move and what they count as collateral
listing      which contracts and spot pairs are on the board
instruments  a contract, its worth at a price, its listing
tiers        margin tiers, recorded or synthetic
account      state of one account
black76      the worth of an option on a forward, and its greeks
surface      the volatility that options are priced with
option_board  which options are listed and what they are worth
position     one leg: size, average entry, what trading it earned
collateral   what of a coin backs its account
order_losses what open orders could take from the collateral
margin       what positions and orders need, by margin mode
option_margin  what options need as margin
greeks       option totals of an account
isolated     margin of its own for each position
stressed_legs  the same grid, leg by leg, for who asks
portfolio    the worst of a grid of shocks, for the whole book
modes        the margin modes by name
ledger       the house's books and the proof that all adds up
trading      fills: position, wallet, house and histories together
orders       open orders: placed, amended, cancelled, filled
spot         spot orders: placed, filled, cancelled; coins swapped
funding      payments between longs and shorts
delivery     what expires is settled in cash
delivery_index  the half hour's average that it is settled by
liquidation  orders cancelled, positions taken over, debts repaid, the rest insured
isolated_liquidation  one position cut or taken over when the mark reaches its price
deleveraging winners hand over what the insurance pool cannot carry
interest     what debts cost an hour
session      profit of USDC contracts paid out every eight hours
announcements  margin changes, announced and then made
insurance    money between house and account that no trade moved
traders      what accounts do all day
desks        names, desks, deposits and books of the accounts
directory    UIDs and API keys
view         from state to rows
money        exact money and where it is rounded
bybit        the wire front that speaks Bybit's protocol
faults       seeded faults of the wire
"""
