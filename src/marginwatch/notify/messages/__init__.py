"""Alerts in words of a person's language, before a channel gives them form.

In: alerts. Out: messages. State: none. Never: markup, a number without its unit, a text cut inside a word's meaning.

Modules
-------
message  a message in words
"""
