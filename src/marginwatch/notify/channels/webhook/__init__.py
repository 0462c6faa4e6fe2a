"""A signed JSON document to an address of the desk's own.

In: messages and their alerts. Out: receipts on any answer of success. State: none. Never: an unsigned body where a key is
configured, a redirect followed, the address in an error.

Modules
-------
manifest   what the kind is called and needs
config     its table
signature  how the body is signed
channel    the request
"""
