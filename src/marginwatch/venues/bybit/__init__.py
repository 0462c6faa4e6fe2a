"""Bybit V5: its wire format in our nouns, its codes in our taxonomy, its REST calls and streams.

In: bytes of Bybit's REST replies and sockets; keys of configured accounts. Out: ``model`` structs, events, errors of
the taxonomy. State: the catalog of contracts and the clock offset. Never: a request that changes anything at the
exchange, the ``dcp`` topics (losing their sockets cancels the owner's orders), floats made from Bybit's decimals.

Modules
-------
manifest        hosts and limits
errors          return codes and HTTP statuses → taxonomy
schemas         wire shapes, each naming its document
contract_names  what a symbol says about its contract
catalog         contracts by symbol, inferred until they are loaded
parse           wire shapes → model, pure
"""
