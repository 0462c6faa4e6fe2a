"""DingTalk (钉钉): the custom robot of one group, with signed requests.

In: messages in words. Out: receipts. State: none. Never: a text that could be taken for markup, the access token, the secret
or a signature in an error.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
signing   the signature of a request
form      a message as markdown
channel   sends
"""
