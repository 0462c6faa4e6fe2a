"""The dashboard in a real browser: how soon rows are there, how often they change, and what four tabs cost the service.

In: how many rows, how long. Out: figures and verdicts. State: an exchange, a monitor and a browser, ended with the run.
Never: an address that is not of this machine.

Modules
-------
exchange  the simulated exchange, in a process of its own
tabs      tabs of a real browser, and what is counted in them
"""
