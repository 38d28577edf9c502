"""One thing that is spoilt is found by the rule that names it, and by no unrelated error."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from brainpack import validate
from brainpack.validation.registry import CRASHED, RULES
from brainpack.validation.terms import Profile
from tests.validation.experiments import experiments, judged, on_disk, package
from tests.validation.mutations import ASSEMBLIES, PACKAGES, PAIRS, RELEASES, STIMULI

if TYPE_CHECKING:
    import xarray as xr

    from brainpack.testing.strategies import StimuliInMemory
    from brainpack.validation.report import Report
    from tests.validation.mutations import Mutation
    from tests.validation.spoiling import Change

    Drawn = tuple[StimuliInMemory, xr.DataArray]

MUTATIONS: Final[dict[str, Mutation]] = {
    f"{what}: {name}": mutation
    for what, mutations in (("stimuli", STIMULI), ("assembly", ASSEMBLIES), ("pair", PAIRS), ("release", RELEASES))
    for name, mutation in mutations.items()
}
EACH: Final = 2  # drawn inputs of a mutation
PROFILES: Final = (Profile.DRAFT, Profile.PUBLISH)


@cache
def drawn() -> list[Drawn]:
    """Inputs for all mutations: drawing them anew for each would take most of the time."""
    inputs: list[Drawn] = []

    @settings(max_examples=12, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
              suppress_health_check=[*HealthCheck])  # fmt: skip
    @given(experiments())
    def draw(experiment: Drawn) -> None:
        inputs.append(experiment)

    draw()
    return inputs


@cache
def before(place: int, profile: Profile, given: Change) -> Report:
    """What is said of an input that is not spoilt."""
    with TemporaryDirectory() as folder:
        return judged(given(on_disk(drawn()[place], Path(folder))), profile)


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_spoilt_is_found(name: str, tmp_path: Path) -> None:
    mutation, first = MUTATIONS[name], [*MUTATIONS].index(name)
    for place in (number % len(drawn()) for number in range(first, first + EACH)):
        profile = PROFILES[place % 2]
        sound = before(place, profile, mutation.given)
        assert not sound.errors
        assert mutation.rule not in sound.places
        experiment = mutation.given(on_disk(drawn()[place], tmp_path / f"experiment {place}"))
        report = judged(mutation.spoil(experiment), profile)
        assert mutation.rule in report.places, report
        assert {finding.rule for finding in report.errors} <= {mutation.rule, *mutation.along}, report
        assert CRASHED not in report.places, report


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_damaged_on_the_disk_is_found(name: str, tmp_path: Path) -> None:
    damage, first = PACKAGES[name], [*PACKAGES].index(name)
    for place in (number % len(drawn()) for number in range(first, first + EACH)):
        folder = tmp_path / f"package {place}"
        package(on_disk(drawn()[place], tmp_path / f"experiment {place}"), folder)
        if not damage.has_record:
            for record in folder.glob("*.json"):
                record.unlink()
        sound = validate(folder)
        assert not sound.errors, sound
        damage.spoil(folder)
        reports = validate(folder)
        rules = {finding.rule for report in reports for finding in report.findings}
        assert damage.rule in rules - {finding.rule for report in sound for finding in report.findings}, reports
        assert {finding.rule for finding in reports.errors} <= {damage.rule, *damage.along}, reports
        assert CRASHED not in rules, reports


def test_each_rule_that_can_be_broken_has_a_mutation() -> None:
    covered = {mutation.rule for mutation in MUTATIONS.values()} | {damage.rule for damage in PACKAGES.values()}
    reports_only = {"BP-S025", "BP-S027"}  # what the media are, and what was not looked into
    assert set(RULES) - covered == reports_only
