"""A folder as a store."""

from __future__ import annotations

from brainpack.store.local.folder import LocalStore

__all__ = ["LocalStore"]
