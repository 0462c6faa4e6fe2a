"""Book files: a whole book as one JSON object, so that a portfolio can be kept, sent and tried out by hand.

In: JSON with the row schemas of ``decode``, or a live book. Out: a real book made of events, with what it assumes; or
the JSON. State: none. Never: a secret, a number that the file does not hold taken for 0.

Modules
-------
rows      one struct for each kind of row: what may stand in a file
text      reads the JSON; every complaint names row and field
contracts which contract a symbol means
building  rows become events, events a book
assumed   what a file lacks and what is taken instead
writing   a live book becomes rows
"""
