"""E-mail over SMTP with TLS, in plain text and HTML, threaded by alert.

In: messages in words. Out: receipts. State: who already took a message that others still wait for. Never: a password without
TLS beyond this machine, a header made of unchecked text.

Modules
-------
manifest  what the kind is called and needs
config    its table
settings  its table, checked
form      a message as an e-mail
refusal   what answers of SMTP mean
channel   the conversation
"""
