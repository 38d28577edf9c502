"""What the environment decides is read when it is needed, and refused when it makes no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brainpack.errors import SettingsError
from brainpack.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_change_after_the_import_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / name))
        settings = Settings.from_environment()
        assert settings.home == tmp_path / name
        assert settings.journals == tmp_path / name / "journals"


@pytest.mark.parametrize("text", ["~/data", "~/data/"])
def test_a_tilde_is_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("BRAINIO_HOME", text)
    assert Settings.from_environment().home == tmp_path / "data"


@pytest.mark.parametrize("text", ["", None], ids=["empty", "unset"])
def test_without_settings_everything_is_in_the_home_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for variable in ("BRAINIO_HOME", "BRAINPACK_PART_SIZE"):
        if text is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, text)
    found = Settings.from_environment()
    assert found == Settings(tmp_path / "Downloads" / "brainscore_packages", tmp_path / ".brainio", 32 << 20)
    assert not list(tmp_path.iterdir())  # to read settings makes nothing


@pytest.mark.parametrize(("text", "mebibytes"), [("5", 5), ("32", 32), ("064", 64), ("5120", 5120)])
def test_the_size_of_parts_is_in_mebibytes(monkeypatch: pytest.MonkeyPatch, text: str, mebibytes: int) -> None:
    monkeypatch.setenv("BRAINPACK_PART_SIZE", text)
    assert Settings.from_environment().part_size == mebibytes * 1024 * 1024


@pytest.mark.parametrize("text", ["0", "4", "5121", "-5", "5.5", "8M", "8 MiB", "large", " ", "1e2", "²"])
def test_a_size_that_no_store_takes_is_refused_with_the_bounds(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BRAINPACK_PART_SIZE", text)
    with pytest.raises(SettingsError, match=r"BRAINPACK_PART_SIZE is '.*'; expected whole MiB from 5 to 5120"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("variable", "value"), [("BRAINIO_HOME", "~no-such-user/x"), ("BRAINPACK_PART_SIZE", "9" * 5000)]
)
def test_what_cannot_be_is_a_settings_error(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment()
