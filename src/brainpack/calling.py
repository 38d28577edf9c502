"""The shapes in which published scripts call the packaging API, made one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def also_called(
    **current_names: str,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Accept an argument under the name that older scripts use for it."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(function)
        def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            renamed: dict[str, Any] = {current_names.get(name, name): value for name, value in kwargs.items()}
            if len(renamed) < len(kwargs):
                twice = ", ".join(f"{old!r} and {new!r}" for old, new in current_names.items() if old in kwargs)
                raise TypeError(f"{function.__name__}() got one argument under two names: {twice}")
            return function(*args, **renamed)

        return call

    return decorate


def catalogue_may_be_left_out(
    data: str,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Accept a call without the first argument, by position or by name; `data` names the second one."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(function)
        def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            given: tuple[Any, ...] = args
            named: dict[str, Any] = kwargs
            if isinstance(args[0], pd.DataFrame | xr.DataArray) if args else data in kwargs:
                given = (None, *args)
                named = {name: value for name, value in kwargs.items() if not name.startswith("catalog_")}
            return function(*given, **named)

        return call

    return decorate
