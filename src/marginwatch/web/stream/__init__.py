"""The live stream: frames as they come to whoever listens, encoded once for all of them.

In: frames, replies of read routes, what clients subscribe to. Out: messages of ``docs/stream.md``. State: what each topic
last said and what each client has of it. Never: a queue that grows, a figure that is not in a frame, a client that
another one waits for. A read route becomes a topic by a line in ``documents.PACES``.

Modules
-------
wire             a message about a table as bytes
slots            which slot of a table each row of the book has
filters          which rows a topic is of
changed_objects  which objects of a list are others than before
reasons          reasons that do not change by themselves
position_choice  which positions a topic shows
leg_columns      distances of positions that die alone
position_view    positions as columns and texts
heavy_columns    heavy measures of accounts as columns and texts
account_source   accounts as columns and texts
account_view     the accounts of one topic
tables           what changed in a table, or all of it
documents        read routes as topics
document_feed    a document, sent when it says something else
own_time         what making one takes of the processor
allowance        how much time documents may take together
topics           what clients say
client           what one client has and is owed
hub              all clients and topics, driven by frames
protocol         WebSocket connections of our server
route            the route
"""
