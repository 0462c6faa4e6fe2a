"""The scripted hour is played once; every test looks at what was seen of it."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

# Test folders are no packages, and the hour is too long for one file.
sys.path.insert(0, str(Path(__file__).parent))

import hour_script


@pytest.fixture(scope="session")
def hour() -> hour_script.Hour:
    """What was seen of the hour. Nothing in it may be changed."""
    errors: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: errors.append(repr(args.exc_value))
    try:
        seen = asyncio.run(hour_script.play())
    finally:
        threading.excepthook = before
    seen.thread_errors += errors
    return seen
