"""What each exchange speaks: wire formats, signatures, error codes, REST calls and stream frames.

In: bytes from the wire. Out: ``model`` structs and errors of the taxonomy. State: a catalog of contracts and a clock
offset per venue. Never: a call that writes at an exchange, a decision about risk, an import of another venue.

Modules
-------
base    the protocols and the manifest that each venue fills in
decoded the public shape of a decoded payload
bybit   Bybit V5
"""
