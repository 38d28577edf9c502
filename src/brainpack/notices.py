"""Warnings that name the caller's line, not one of ours."""

from __future__ import annotations

import inspect
import warnings


def warn(message: str) -> None:
    """Emit a UserWarning at the line outside brainpack that led to it."""
    frame, count = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith("brainpack."):
        frame, count = frame.f_back, count + 1
    warnings.warn(message, stacklevel=count + 1)
