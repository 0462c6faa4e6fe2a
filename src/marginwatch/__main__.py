"""``python -m marginwatch`` is the command ``marginwatch``."""

import sys

from marginwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
