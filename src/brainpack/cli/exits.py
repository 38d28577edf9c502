"""What the program ends with."""

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2  # argparse ends with it, too
STORE_FAILED: Final = 3
INTERRUPTED: Final = 130  # as shells count
