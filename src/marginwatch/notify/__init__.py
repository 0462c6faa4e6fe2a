"""From a stored transition to a person: routes, stages, the dispatcher, channels.

In: outbox rows, silences, acknowledgements. Out: messages, and what came of each. State: what each channel was told, kept
in the store. Never: an alert's own state, a message that no row of the outbox stands for.

Modules
-------
ports               what notification asks of the store and of whoever finds words
settings            channels, routes, mutes and inhibitions as read
reading             the tables of notification
reading_channels    the tables of channels
reading_mutes       the tables of mutes
routing             which routes and channels an alert goes to
planner             the outbox rows of transitions
messages            alerts in words of a person's language
stages              between a transition and a message
pipeline            all stages one after another
memory              what every channel was told
rates               how many messages a channel may send
backoff             how long to wait before another attempt
attempts            what becomes of rows that were sent, or were not
supervised_attempt  one attempt whose every end is known
health              whether each channel works
wakeup              waiting for a moment or for something to do
handing_over        what waits for a channel that is gone
worker              one channel's claiming, sending and recording
dispatcher          all workers
owing               what a channel is owed about an alert that fires
followups           repeats, escalations, ends of what held alerts back
heartbeat           an address asked for while all works
channels            ways to people
"""
