"""Alerts of one service, wired: rules over frames, the outbox, channels, and what people do about them.

In: frames, lanes, notices. Out: stored transitions, messages, the answers of the API. State: none that the store does
not hold. Never: a bound or a message of its own, an alert told before it is stored.

Modules
-------
setup        rules and ways to people, as one configuration wants them
alerting     from a frame to a person, and back to whoever acknowledges
causes       which message a transition goes back to
supervised_write    what cannot be written for a defect is passed by
desk         what people did about alerts, kept in memory
told         what people were told of alerts, kept in memory
noted_outbox the outbox, which says of which alerts the messages change
writer       transitions and their messages, committed together
supervised_judging  rules may be wrong, frames go on
fact_keeper  what rules judge and no frame holds
happenings   what happened lately, counted
latencies    how long alerts take, counted by how long they were
self_watch   memory, disk and lateness of this process
"""
