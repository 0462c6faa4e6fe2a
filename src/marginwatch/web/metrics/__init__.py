"""Figures for Prometheus: one scrape is one frame, copied on the loop and written as text beside it.

In: frames and the health of the service. Out: the text of ``/metrics``. State: none but the last text. Never: a sample for
a figure that is missing, a label that the configuration does not bound, anything counted a message.

Modules
-------
catalog   every metric: its name, labels and meaning
moment    what is copied from a frame, so that a thread may read it
families  a moment as samples
account_lines those of single accounts as text
ports     what is read beside the frame
scrape    one text at a time, made in a thread
routes    the route
"""
