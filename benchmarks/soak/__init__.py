"""A thousand accounts on the exchange's real limits, then ten minutes in which everything goes wrong.

Three processes: ``marginwatch sim``, the daemon of ``marginwatch run``, and a referee, which knows the truth by the
simulator's remote control and the picture by the monitor's API. Run it with ``make soak`` or ``python -m benchmarks.soak``.
"""
