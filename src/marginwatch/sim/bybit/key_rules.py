"""What the wire front knows about keys beyond the exchange's own record, changeable while it runs."""

import dataclasses


@dataclasses.dataclass(slots=True)
class KeyRules:
    """Per key, by its public part.

    Parameters
    ----------
    revoked : set of str
        Keys that no longer exist: 10003.
    denied_paths : dict of str to set of str
        Endpoints answered with 10005 whatever the permissions say.
    rsa_public_keys : dict of str to str
        PEM of keys that sign with RSA-SHA256 in base64 instead of HMAC.
    """

    revoked: set[str] = dataclasses.field(default_factory=set[str])
    denied_paths: dict[str, set[str]] = dataclasses.field(default_factory=dict[str, set[str]])
    rsa_public_keys: dict[str, str] = dataclasses.field(default_factory=dict[str, str])

    def deny(self, api_key: str, path: str) -> None:
        """Close one endpoint to a key."""
        self.denied_paths.setdefault(api_key, set()).add(path)
