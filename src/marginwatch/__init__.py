"""marginwatch: one live, honest risk picture over every exchange account a desk has.

The flow, which is also the folder list: ``venues`` (what each exchange speaks) → ``collect`` (one session per
account) → ``book`` (positions, balances and marks as columns) → ``risk`` (pure measures) → ``engine`` (the loop)
→ ``store``, ``web`` and ``cli`` (what people see). ``sim`` stands in for the exchanges; ``app`` wires the parts.
"""

__version__ = "0.1.0"
