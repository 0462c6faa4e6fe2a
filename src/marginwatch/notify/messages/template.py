"""Filling ``{placeholders}``: texts for names, and nothing else. No attribute, index, format or second round."""

import re
from collections.abc import Mapping
from functools import lru_cache

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return ``template`` with each ``{name}`` replaced by its value; an unknown one stays as it is written.

    Values are not looked through again: braces in an account's name mean nothing.
    """
    return PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group()), template)


@lru_cache(maxsize=1_024)
def placeholders(template: str) -> frozenset[str]:
    """Return the names that a template asks for."""
    return frozenset(PLACEHOLDER.findall(template))
