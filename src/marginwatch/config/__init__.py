"""The configuration: one TOML file read into typed settings, each error with its file, line, key and remedy.

In: a TOML file; environment variables, files and the keyring for secrets. Out: ``Config``. State: none; a reload reads
the file anew. Never: a secret in the file itself, in an error or in a repr; a guess at what an unknown key meant.

Modules
-------
settings  what the file says, as structs
loader    load(path) -> Config
sections  the single tables: service, limits, prices, collect, risk, alerts
durations 30s, 5m, 1h30m
accounts  the [[account]] tables
scenarios the [[scenario]] tables
endpoints environments and explicit URLs
table     typed reading of one TOML table, with line and remedy in every complaint
lines     the line of each key in a TOML text
masking   words that may be secrets, shown by their beginning
secrets   env:, file: and keyring: references
"""

from marginwatch.config.loader import load, load_watched
from marginwatch.config.settings import Config

__all__ = ["Config", "load", "load_watched"]
