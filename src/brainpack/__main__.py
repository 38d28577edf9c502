"""`python -m brainpack` is the command line."""

from __future__ import annotations

import sys

from brainpack.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
