"""Whatever arrives, in whatever order, the book ends in the exchange's true state."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import ConnectivityUpdate

KEYS = [("BTCUSDT", "net"), ("ETHUSDT", "long"), ("ETHUSDT", "short"), ("BTCUSD", "net")]
COINS = ["USDT", "BTC"]


@dataclass
class TrueExchange:
    """What one account truly holds, with all messages it ever made."""

    make: object
    now_s: float = 10.0
    rows: dict = field(default_factory=dict)
    coins: dict = field(default_factory=dict)
    sequences: dict = field(default_factory=dict)
    sent: list = field(default_factory=list)
    past: list = field(default_factory=list)

    def trade(self, key, quantity):
        """Set a row: open, add, flip, close or reopen; the contract's sequence grows for both legs."""
        self.remember()
        symbol, side = key
        quantity = {"net": quantity, "long": abs(quantity), "short": -abs(quantity)}[side]
        self.sequences[symbol] = self.sequences.get(symbol, 0) + 1
        row = self.make.position(
            str(quantity),
            self.sequences[symbol],
            self.now_s,
            symbol=symbol,
            side=side,
            entry=str(100 + self.now_s),
        )
        if quantity:
            self.rows[key] = row
        else:
            self.rows.pop(key, None)
        self.sent.append(self.make.push(row, at_s=self.now_s))

    def repeat(self, key):
        """Send a row again though nothing changed, as an order's amendment does."""
        if key in self.rows:
            self.sent.append(self.make.push(self.rows[key], at_s=self.now_s))

    def pay(self, asset, amount):
        self.remember()
        if amount:
            self.coins[asset] = str(amount)
        else:
            self.coins.pop(asset, None)
        self.sent.append(self.make.wallet(asset, str(amount), self.now_s))

    def remember(self):
        self.past.append((self.now_s, dict(self.rows), dict(self.coins)))

    def reply(self, lag_s=0.0):
        """Return a snapshot, maybe of how things were ``lag_s`` ago."""
        rows, coins = self.rows, self.coins
        for until_s, old_rows, old_coins in reversed(self.past):
            if until_s <= self.now_s - lag_s:
                break
            rows, coins = old_rows, old_coins
        return self.make.snapshot(*rows.values(), at_s=self.now_s, coins=tuple(coins.items()))


ACTIONS = st.one_of(
    st.tuples(st.just("trade"), st.sampled_from(KEYS), st.integers(-2, 2)),
    st.tuples(st.just("repeat"), st.sampled_from(KEYS), st.just(0)),
    st.tuples(st.just("pay"), st.sampled_from(COINS), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.just(None), st.integers(0, 40)),
    st.tuples(st.just("deliver"), st.just(None), st.integers(0, 30)),
    st.tuples(st.just("deliver"), st.just(None), st.integers(0, 30)),
    st.tuples(st.just("snapshot"), st.just(None), st.integers(0, 15)),
    st.tuples(st.just("reconnect"), st.just(None), st.just(0)),
)


def play(exchange, book, actions):
    """Act at the exchange, delivering any earlier message at any time, again or never."""
    for step, (action, what, number) in enumerate(actions):
        exchange.now_s = round(exchange.now_s + 0.01 + step * 1e-6, 6)
        if action in ("trade", "pay", "repeat"):
            getattr(exchange, action)(*([what] if action == "repeat" else [what, number]))
        elif action == "wait":
            exchange.now_s += number / 10
        elif action == "deliver" and exchange.sent:
            book.apply(exchange.sent[number % len(exchange.sent)])
        elif action == "snapshot":
            book.apply(exchange.reply(lag_s=number / 10))
        elif action == "reconnect":
            for state in (LinkState.LOST, LinkState.STREAMING):
                book.apply(ConnectivityUpdate(Connectivity(account_id="a", link_state=state)))
            book.apply(exchange.reply())


def held(book):
    entry, table, wallets = book.entry("a"), book.columns.positions, book.columns.holdings
    rows = {(key[0].rsplit(":", 1)[1], key[1]): table.positions[row] for key, row in entry.rows.items()}
    coins = {asset: wallets.balances[row] for asset, row in entry.coins.items()}
    coins = {
        asset: b.wallet_balance for asset, b in coins.items() if b is not None and b.wallet_balance != "0"
    }
    return rows, coins


@settings(max_examples=400, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=60), late=st.lists(st.integers(0, 1000), max_size=20))
def test_any_interleaving_with_losses_ends_true_after_two_quiet_snapshots(make, actions, late):
    exchange, book = start(make)
    play(exchange, book, actions)
    # The exchange is quiet for longer than its replies lag, then the book is reconciled as the session does.
    exchange.now_s += 5.0
    book.apply(exchange.reply())
    exchange.now_s += 5.0
    book.apply(exchange.reply())
    for number in late:
        if exchange.sent:
            book.apply(exchange.sent[number % len(exchange.sent)])
    assert held(book) == (exchange.rows, exchange.coins)
    check_columns(book, exchange)
    exchange.now_s += 5.0
    assert book.apply(exchange.reply()) == ()
    assert not book.needs_second_look("a")


@settings(max_examples=200, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=40), order=st.randoms(use_true_random=False))
def test_messages_alone_end_true_when_all_arrive_in_any_order_with_duplicates(make, actions, order):
    exchange, book = start(make)
    play(exchange, book, [a for a in actions if a[0] in ("trade", "pay", "repeat", "wait")])
    arriving = exchange.sent * 2
    order.shuffle(arriving)
    for event in arriving:
        book.apply(event)
    assert held(book) == (exchange.rows, exchange.coins)
    check_columns(book, exchange)


@settings(max_examples=200, deadline=None)
@given(
    actions=st.lists(ACTIONS, max_size=40), order=st.randoms(use_true_random=False), lag=st.integers(0, 15)
)
def test_no_break_is_reported_when_nothing_is_lost(make, actions, order, lag):
    exchange, book = start(make)
    book.apply(exchange.reply())
    play(exchange, book, [a for a in actions if a[0] in ("trade", "pay", "repeat")])
    split = order.randint(0, len(exchange.sent))
    for event in exchange.sent[:split]:
        book.apply(event)
    assert book.apply(exchange.reply(lag / 10)) == ()
    for event in exchange.sent[split:]:
        book.apply(event)
    exchange.now_s += 5.0
    assert book.apply(exchange.reply()) == ()
    assert held(book) == (exchange.rows, exchange.coins)


def start(make):
    book = PositionBook(ManualClock(make.T0))
    book.register(make.spec())
    return TrueExchange(make), book


def check_columns(book, exchange):
    """The numbers risk sums are those of the structs, and rows given back weigh nothing."""
    table = book.columns.positions
    assert table.in_use == len(exchange.rows)
    assert table.quantity.sum() == sum(float(row.quantity) for row in exchange.rows.values())
