"""What the program ends with."""

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2  # typer ends with it, too
STORE_FAILED: Final = 3
INTERRUPTED: Final = 130  # as shells count
PIPE_CLOSED: Final = 141  # what a shell says of programs that the closed pipe ends
