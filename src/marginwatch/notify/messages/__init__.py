"""Alerts in words of a person's language, before a channel gives them form.

In: alerts. Out: messages. State: none. Never: markup, a number without its unit, a text cut inside a word's meaning.

Modules
-------
message     a message in words
compose     rows that go out together as one message
sentences   what one alert says
context     further figures of an alert in a language
figures     numbers, durations and moments as a language writes them
catalog     words of a language
words       the catalogs themselves
phrases     the service's own English sentences in another language
template    filling placeholders
clean       one line, cut where nothing breaks
shortening  the short form
answers     what somebody hears who has pressed a button
links       pages of the dashboard
"""
