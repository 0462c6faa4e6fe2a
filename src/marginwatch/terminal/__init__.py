"""What all terminal programs show alike: numbers as texts, bars and cells, and the texts of others made harmless.

In: numbers, rows, texts. Out: texts, styled ones for terminals. State: none. Never: a figure of its own, a control
character of somebody else's.

Modules
-------
figures         numbers as texts
texts           texts of others, made harmless
bars            numbers as bars, and the colors of danger
cells           cells of accounts and amounts
account_words   accounts in a few words
position_words  positions in a few words
alert_words     alerts in a few words
"""
