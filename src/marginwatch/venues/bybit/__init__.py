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
payload_kinds   what kind of payload a file holds
decode          a recorded payload → model, offline
decode_rest     the same, for REST results
auth            signatures
server_clock    the venue's clock as seen from here
retries         whether a failed call is tried again, and when
rest            one GET: signed, budgeted, retried, its failures translated
capabilities    endpoints that a key may not use or a host does not have
paging          lists to their last page
calls           one endpoint, its parser, the venue's time of the reply
sweep           every position, coin and order of an account
history         executions and ledger lines between two moments
stream          what the sockets are told, and what their answers mean
client          the calls of one account
market          the public calls
key_check       whether a key may be used
adapter         what the accounts of one host share
"""
