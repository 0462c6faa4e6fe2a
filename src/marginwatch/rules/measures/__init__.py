"""The measures that rules may name, each a column over the subjects of its scope.

In: a moment. Out: columns and subjects. State: none. Never: a number where there is none, a bound or a state.

Modules
-------
registry  every measure by its name
"""
