"""Nouns of the product as frozen structs: what every other package speaks in.

In: nothing. Out: types. State: none. Never: behavior beyond a property or a predicate, venue wire names, floats
made from the venue's decimals.

What comes with every message is a struct with ``gc=False``: frozen and made of texts, it can be part of no cycle, and the
collector, which would look at every position held, need not know of it.

Modules
-------
ids           names of accounts, venues, instruments; exact decimal text
instrument    contracts and their margin tiers
position      one row of an account
balance       coins and account totals
price         public prices
price_history closes of a contract over past intervals
market        depth, liquidations, insurance pools, deleveraging alerts
activity      fills, orders, ledger lines
connectivity  link state and freshness of an account
snapshots     snapshots replace; breaks found against them
events        updates patch; the synchronous event sink
failure       failures as values
option_totals options of an account summed up by the venue
venue_facts   slow facts: haircuts, borrowing, fees, announcements, members
scenario      named sets of shocks
risk_history  frozen books, forecasts with what followed, model errors
equity        samples of equity, and the ledger lines that moved it
quarantine    payloads that did not decode
account       configured accounts, endpoints, key reports
secret        the redaction type
severity      how urgent an alert is
alert         alerts, their transitions and acknowledgements
pattern       patterns that end soon on every text
silence       what shall not be told for a while
delivery      what is to be told through which channel, and what came of it
notice        sentences for the owner of an account
check_report  what a check of accounts and venues found
"""
