"""From a stored transition to a person: routes, stages, the dispatcher, channels.

In: outbox rows, silences, acknowledgements. Out: messages, and what came of each. State: what each channel was told, kept
in the store. Never: an alert's own state, a message that no row of the outbox stands for.

Modules
-------
ports     what notification asks of the store
messages  alerts in words of a person's language
stages    between a transition and a message
channels  ways to people
"""
