"""On which terms an input is judged: the profile, the waivers, and which rules are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from brainpack.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Profile(StrEnum):
    """What the data are for. The rules are the same, the gate is not."""

    DRAFT = "draft"
    PUBLISH = "publish"
    EXPERIMENT = "experiment"  # stimuli that are to be shown in an experiment of Brain-Score

    @classmethod
    def named(cls, name: str) -> Profile:
        """Profile of a name.

        Raises
        ------
        SettingsError
            There is none.
        """
        if name not in [*cls]:
            raise SettingsError(f"there is no profile {name!r}; expected one of {', '.join(cls)}")
        return cls(name)


@dataclass(frozen=True)
class Terms:
    """On which terms an input is judged.

    Attributes
    ----------
    profile : Profile
    waivers : mapping of str to str
        By rule id, the reason why its findings do not count.
    select, ignore : tuple of str
        Beginnings of rule ids, such as "BP-S" or "BP-A013": only those of `select`, if there are any, and none of
        `ignore`.
    """

    profile: Profile = Profile.DRAFT
    waivers: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def asks_for(self, rule_id: str) -> bool:
        """Whether a rule is to be applied.

        Examples
        --------
        >>> terms = Terms(select=("BP-S",), ignore=("BP-S009",))
        >>> [rule for rule in ("BP-A001", "BP-S001", "BP-S009") if terms.asks_for(rule)]
        ['BP-S001']
        """
        return rule_id.startswith(self.select or ("",)) and not (self.ignore and rule_id.startswith(self.ignore))
