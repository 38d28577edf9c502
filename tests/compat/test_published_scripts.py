"""Published packaging scripts run as they are, and what they publish is what they were given.

Nobody has their inputs, so these are made up here, with the names and columns that each script reads.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import brainpack
from brainpack import (
    BehavioralAssembly,
    NeuroidAssembly,
    NeuronRecordingAssembly,
    PropertyAssembly,
    load_assembly_from_s3,
    load_stimulus_set_from_s3,
)
from tests.helpers import png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from brainpack import DataAssembly, StimulusSet
    from tests.compat.conftest import Run
    from tests.servers.ministack import MiniStack

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("default"),  # the scripts do what libraries of today warn of
]

STORAGE = "brainscore-storage/brainio-brainscore"


def images(folder: str | Path, names: Iterable[str]) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Path(folder, name).write_bytes(png(number % 256))


def table(file: str, /, **columns: Any) -> pd.DataFrame:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    made = pd.DataFrame(columns)
    made.to_csv(file, index=False)
    return made


def in_registry(server: MiniStack, place: str, name: str) -> tuple[str, str]:
    """SHA-1 and version id of a published file, as a registry holds them."""
    bucket, _, folder = place.partition("/")
    answer = server.client().get_object(Bucket=bucket, Key=f"{folder}/{name}".lstrip("/"))
    return hashlib.sha1(answer["Body"].read(), usedforsecurity=False).hexdigest(), answer["VersionId"]


def assembly(
    server: MiniStack,
    identifier: str,
    cls: type[DataAssembly],
    place: str = STORAGE,
    stimuli: Callable[[], StimulusSet] | None = None,
) -> DataAssembly:
    sha1, version_id = in_registry(server, place, f"assy_{identifier.replace('.', '_')}.nc")
    return load_assembly_from_s3(
        identifier=identifier, version_id=version_id, sha1=sha1, bucket=place, cls=cls, stimulus_set_loader=stimuli
    )


def stimuli(server: MiniStack, identifier: str, place: str = STORAGE) -> StimulusSet:
    stem = f"stimulus_{identifier.replace('.', '_')}"
    csv_sha1, csv_version_id = in_registry(server, place, f"{stem}.csv")
    zip_sha1, zip_version_id = in_registry(server, place, f"{stem}.zip")
    return load_stimulus_set_from_s3(identifier, place, csv_sha1, zip_sha1, csv_version_id, zip_version_id)


def pictures(loaded: StimulusSet) -> list[bytes]:
    """Of the rows, in their order."""
    return [Path(loaded.get_stimulus(stimulus_id)).read_bytes() for stimulus_id in loaded["stimulus_id"]]


def lines_of(printed: str) -> list[dict[str, Any]]:
    return [eval(line) for line in printed.splitlines() if line.startswith("{")]  # noqa: S307 - scripts print results


def test_text_ids_that_are_integers(s3: MiniStack, run: Run) -> None:
    for name, count in (("metadata_examples", 185), ("metadata", 380)):
        names = [f"{number}.png" for number in range(count)]
        images(f"stimuli/{name}", names)
        table(f"stimuli/{name}.csv", path=[f"stimuli/{name}/{file}" for file in names], idx=range(count),
              curve_length=20, n_cross=3, correct_response_key="same")  # fmt: skip
    train, test = lines_of(run("lonnqvist2024/data_packaging/lonnqvist_stimulus_set.py"))
    assert (train["bucket"], test["identifier"]) == (STORAGE, "Lonnqvist2024_test")
    loaded = load_stimulus_set_from_s3(**test)
    assert loaded["stimulus_id"].tolist() == list(range(380))
    assert loaded["curve_length"].tolist() == [20] * 380
    assert pictures(loaded) == [png(number % 256) for number in range(380)]


def test_answers_in_words(s3: MiniStack, run: Run) -> None:
    given = table("local/inlab-instructions.csv", subject_answer=["same", "diff", "same"], subject_id=[1, 1, 2],
                      visual_degrees=8, image_duration=[0.1, 0.2, 0.3], is_correct=[True, False, True], curve_length=20,
                      n_cross=3, image_path="a.png", stimulus_id=[7, 8, 9], truth="same")  # fmt: skip
    one = {"for dataset in DATASETS:": "for dataset in DATASETS[:1]:"}
    (result,) = lines_of(run("lonnqvist2024/data_packaging/lonnqvist_data_assembly.py", replace=one))
    assert result["identifier"] == "Lonnqvist2024_inlab-instructions"
    loaded = load_assembly_from_s3(**{**result, "cls": BehavioralAssembly})
    assert loaded.values.tolist() == given["subject_answer"].tolist()
    assert loaded["is_correct"].values.tolist() == [True, False, True]
    assert loaded["is_correct"].dtype == bool
    assert loaded["stimulus_id"].values.tolist() == [7, 8, 9]
    assert loaded.indexes["presentation"].names[:3] == ["subject", "visual_degrees", "image_duration"]


def test_a_repeated_dimension_and_a_pickled_result(s3: MiniStack, run: Run) -> None:
    objects = ("bear", "bison", "elephant", "hare", "jeep", "lamp", "sportsCar", "teapot")
    names = [
        f"{name}_{occlusion}.png" for name, occlusion in itertools.product(objects, ("complete", "lower", "upper"))
    ]
    images("stimuli", names)
    matrix = np.arange(24 * 24, dtype=np.float64).reshape(24, 24)
    regions = ("V1", "V2", "V4", "IT")
    data = {region: {"s1": matrix + number, "s2": -matrix} for number, region in enumerate(regions)}
    Path("dataset.pkl").write_bytes(pickle.dumps(data))
    run("coggan2024_fMRI/data_packaging.py")
    result = pickle.loads(Path("packaged_neural_metadata.pkl").read_bytes())  # noqa: S301 - it is the script's own
    loaded = load_assembly_from_s3(**{**result, "cls": NeuroidAssembly})
    assert loaded.dims == ("presentation", "presentation", "neuroid")
    assert loaded["region"].values.tolist() == [region for region in regions for _ in range(2)]
    assert (loaded.values[:, :, 6] == matrix + 3).all()
    assert loaded["stimulus_id"].values.tolist() == sorted(name[:-4] for name in names)


def test_an_upload_that_the_script_replaces(s3: MiniStack, run: Run) -> None:
    ids = ["nsd_00004", "nsd_00005"]
    images("nsd/stimuli_train", ["nsd_00004.png"])
    images("nsd/stimuli_test", ["nsd_00005.png"])
    table("nsd/stimulus_metadata_test_4subj.csv", stimulus_id=ids, nsd_id=[4, 5],
          image_file_name=["nsd_00004.png", "nsd_00005.png"])  # fmt: skip
    given = xr.DataArray(
        np.arange(18, dtype=np.float32).reshape(6, 3, 1),
        coords={
            "stimulus_id": ("presentation", np.repeat(ids, 3)),
            "repetition": ("presentation", [0, 1, 2] * 2),
            "neuroid_id": ("neuroid", ["a", "b", "c"]),
            "region": ("neuroid", ["V1", "V4", "IT"]),
            "prf-size": ("neuroid", [0.5, 1.5, np.nan]),
            "time_bin_start": ("time_bin", [70]),
        },
        dims=("presentation", "neuroid", "time_bin"),
    )
    given.to_netcdf("nsd/Allen2022_fmri_test_4subj.nc", engine="h5netcdf")
    arguments = ("--brainscore-dir", "nsd", "--output-path", "out", "--bucket-name", f"{STORAGE}/nsd")
    one = {"in VARIANTS.items():": "in [('_4subj', VARIANTS['_4subj'])]:", '["train", "test"]:': '["test"]:'}
    run("allen2022_fmri/data_packaging/package_allen2022fmri.py", *arguments, replace=one)

    def stimulus_set() -> StimulusSet:
        return load_stimulus_set_from_s3(**json.loads(Path("out/stim_4subj_test_info.json").read_text()))

    result = json.loads(Path("out/assy_4subj_test_info.json").read_text())
    assert result["bucket"] == f"{STORAGE}/nsd"
    loaded = load_assembly_from_s3(**{**result, "cls": NeuroidAssembly}, stimulus_set_loader=stimulus_set)
    assert (loaded.values == given.values).all()
    assert loaded.dtype == np.float32
    assert loaded["prf-size"].values[:2].tolist() == [0.5, 1.5]
    assert loaded["nsd_id"].values.tolist() == [4, 4, 4, 5, 5, 5]
    assert loaded.stimulus_set.identifier == "Allen2022_fMRI_4subj_test_Stimuli"
    assert hasattr(loaded, "stimulus_id")
    assert pictures(loaded.stimulus_set) == [png(0), png(0)]
    averaged = loaded.multi_groupby(["stimulus_id", "nsd_id"]).mean("presentation")
    assert averaged.sel(stimulus_id="nsd_00004").values.ravel().tolist() == given.values[:3].mean(0).ravel().tolist()


def test_an_upload_replaced_under_other_parameter_names(s3: MiniStack, run: Run, tmp_path: Path) -> None:
    ids = [f"nsd_{number:05d}" for number in range(3)]
    given = xr.DataArray(
        np.arange(12, dtype=np.float32).reshape(3, 2, 2),
        coords={
            "stimulus_id": ("presentation", ids),
            "neuroid_id": ("neuroid", ["1.0", "1.1"]),
            "region": ("neuroid", ["IT", "V4"]),
            "time_bin_start": ("time_bin", [0, 10]),
            "time_bin_end": ("time_bin", [10, 20]),
        },
        dims=("presentation", "neuroid", "time_bin"),
    )
    table("build/Li2026_stimulus_set.csv", stimulus_id=ids, nsd_id=[0, 1, 2], nsd_id_1indexed=[1, 2, 3], tn_index=1,
          coco_id=5)  # fmt: skip
    given.to_netcdf("build/Li2026_temporal_assembly.nc", engine="h5netcdf")
    script = "li2026/data_packaging/package_li2026_temporal.py"
    run(script, replace={"/Volumes/Hagibis/triple-n/build": "build"})
    result = json.loads((tmp_path / "scripts/uploaded_data_info/assy_temporal_info.json").read_text())
    loaded = load_assembly_from_s3(**{**result, "cls": NeuronRecordingAssembly})
    assert (loaded.values == given.values).all()
    assert loaded["time_bin_end"].values.tolist() == [10, 20]
    assert loaded.identifier == "Li2026.temporal_Assembly"


def test_results_in_a_table_and_numbers_as_text(s3: MiniStack, run: Run) -> None:
    labels = ("Ori", "Fil", "Lin", "SilTex", "Sil", "Tex", "LinFil", "Dense", "Sparse")
    codes = ("o", "f", "l", "st", "s", "t", "lf", "cd", "cs")
    images("stim", [f"dog_ILSVRC2012_{number}_{code}.jpg" for code in codes for number in range(2)])
    for label, code in zip(labels, codes, strict=True):
        table(f"raw/{label}.csv", response=["dog", "cat"], subject=[3, 3], correct=[True, False], truth="dog",
              stimulus_id=[f"dog_ILSVRC2012_{number}_{code}" for number in range(2)])  # fmt: skip
    run("kato2026/data_packaging/stimulus_set.py")
    run("kato2026/data_packaging/data_assembly.py")
    results = pd.read_csv("packaged/assembly_package_info.csv")
    assert results["identifier"].tolist() == [f"Kato2026.{label}" for label in labels]
    loaded = brainpack.load_assembly_from_file(results["path"][8], cls=BehavioralAssembly)
    assert loaded.values.tolist() == ["dog", "cat"]
    assert loaded["stimulus_id"].values.tolist() == ["dog_ILSVRC2012_0_cs", "dog_ILSVRC2012_1_cs"]
    assert loaded["subject"].values.tolist() == ["3", "3"]
    assert loaded["condition"].values.tolist() == ["Sparse", "Sparse"]
    paths = pd.read_csv("packaged/stimulus_package_info.csv").loc[8]
    shown = brainpack.load_stimulus_set_from_files(paths["csv_path"], paths["zip_path"])
    assert shown["stimulus_id"].tolist() == ["dog_ILSVRC2012_0_cs", "dog_ILSVRC2012_1_cs"]
    assert pictures(shown) == [png(16), png(17)]


def test_packages_in_the_folder_for_downloads(s3: MiniStack, run: Run, tmp_path: Path) -> None:
    responses = np.arange(2 * 3 * 2, dtype=np.float64).reshape(2, 3, 2)
    responses[:, 2, 1] = np.nan
    Path("data_raw").mkdir()
    np.save("data_raw/responses_190923.npy", responses)
    images("data_raw/images_190923", [f"image{number:04d}.jpg" for number in (1, 2, 3)])
    replace = {"/Users/cowley/Desktop/brainscore_upload/": ""}
    run("cowley2026/data_packaging/data_packaging.py", replace=replace, process=True)
    record = tmp_path / "user/Downloads/brainscore_packages/assy_Cowley2026_190923.brainpack.json"
    loaded = brainpack.load(record)
    assert isinstance(loaded, NeuroidAssembly)
    assert loaded.experiment_date == "2019-09-23"
    assert loaded["stimulus_id"].values.tolist() == ["image0001", "image0001", "image0002", "image0002", "image0003"]
    assert loaded.values[:, :, 0].tolist() == [[0, 6], [1, 7], [2, 8], [3, 9], [4, 10]]
    assert pictures(loaded.stimulus_set) == [png(0), png(1), png(2)]


def test_properties_of_neurons_without_stimuli(s3: MiniStack, run: Run) -> None:
    run("marques2020/data_packaging/marques_devalois1982a.py", process=True)
    loaded = assembly(s3, "devalois.DeValois1982a", PropertyAssembly, "brainio.contrib")
    assert loaded.dims == ("neuroid", "neuronal_property")
    assert loaded["neuronal_property"].values.tolist() == ["preferred_orientation"]
    assert loaded["neuroid_id"].values.tolist() == list(range(385))
    assert loaded.preferred_orientation_bins.tolist() == [-22.5, 22.5, 67.5, 112.5, 157.5]
    counts, _ = np.histogram(loaded.values, loaded.preferred_orientation_bins)
    assert counts.tolist() == [110, 83, 100, 92]


def test_image_ids_and_an_old_argument_name(s3: MiniStack, run: Run) -> None:
    categories = ("airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat", "chair", "clock", "dog",
                  "elephant", "keyboard", "knife", "oven", "truck")  # fmt: skip
    names = [f"{category}{number}" for category in categories for number in range(1, 11)]
    images("../datasets/silhouette", [f"{name}.png" for name in names])
    folder = "geirhos2021/data_packaging/silhouette"
    for subject in range(1, 11):
        table(f"data_assemblies/silhouette_subject-{subject:02d}_session_1.csv", subj=f"subject-{subject:02d}",
              session=1, trial=range(1, 161), rt=np.linspace(0.1, 2, 160), condition=0,
              object_response=[categories[(number + subject) % 16] for number in range(160)],
              category=np.repeat(categories, 10),
              imagename=[f"{n:04d}_sil_s01_0_{name[:-1]}_00_{name}.png" for n, name in enumerate(names)])  # fmt: skip
    run(f"{folder}/silhouette_stimulus_set.py")
    run(f"{folder}/silhouette_data_assembly.py")
    loaded = assembly(
        s3, "brendel.Geirhos2021_silhouette", BehavioralAssembly, stimuli=lambda: stimuli(s3, "Geirhos2021_silhouette")
    )
    assert loaded["image_id"].values.tolist() == names * 10
    assert loaded["stimulus_id"].values.tolist() == names * 10
    assert loaded["image_variation"].values.tolist() == [*range(1, 11)] * 160
    assert loaded.values[:3].tolist() == ["bear", "bicycle", "bird"]
    assert {name: Path(path).read_bytes() for name, path in loaded.stimulus_set.image_paths.items()} == {
        name: png(number) for number, name in enumerate(names)
    }


def test_rows_of_a_selection(s3: MiniStack, run: Run) -> None:
    images("color/first_block", ["0.png", "1.png"])
    images("color/second_block", ["0.png"])
    urls = [f"https://host/color/{name}.png" for name in
            ("first_block/images/0", "first_block/images/1", "second_block/images/0")]  # fmt: skip
    table("csvs/color_sanity_processed.csv", trial_type=["warmup", "normal", "normal", "sanity", "normal"],
          correct=[True, True, False, True, False], target_present=[True, False, False, True, True],
          stimulus=[urls[0], *urls[:2], urls[0], urls[2]], participant_id="p1", response_time_ms=[1.5, 2, 3, 4, 5],
          distractor_nums=1.0, block=1, response="f")  # fmt: skip
    one = {"for experiment in DATASETS:": "for experiment in ['color']:"}
    run("ferguson2024/data_packaging/data_packaging.py", replace=one)
    loaded = assembly(s3, "Ferguson2024_color", BehavioralAssembly, stimuli=lambda: stimuli(s3, "Ferguson2024_color"))
    ids = ["first_block_0", "first_block_1", "second_block_0"]
    assert loaded["stimulus_id"].values.tolist() == ids
    assert loaded.values.tolist() == [1, 0, 0]
    assert loaded["target_present"].values.tolist() == [0, 0, 1]
    assert loaded["response_time_ms"].values.tolist() == [2, 3, 5]
    shown = loaded.stimulus_set.set_index("stimulus_id")
    assert shown.loc[ids, "block"].tolist() == ["first", "first", "second"]


def test_a_home_that_is_set_after_importing(s3: MiniStack, run: Run) -> None:
    files = [f"aardvark_{number:02d}s.jpg" for number in range(3)]
    images("things/aardvark", files)
    images("things/object_images/aardvark", files)
    np.save("image_metadata.npy", np.array({"train_img_files": files[:2], "test_img_files": files[2:],
                                            "train_img_concepts": ["aardvark"] * 2}))  # fmt: skip
    for subject in range(1, 11):
        Path(f"sub-{subject:02d}").mkdir()
        for name, shape in (("training", (2, 2, 2, 3)), ("test", (1, 3, 2, 3))):
            eeg = np.random.default_rng(subject).random(shape)
            about = {"preprocessed_eeg_data": eeg, "ch_names": ["O1", "Oz"], "times": np.array([-0.2, 0, 0.2])}
            np.save(f"sub-{subject:02d}/preprocessed_eeg_{name}.npy", np.array(about))
    folder = "gifford2022/data_packaging"
    run(f"{folder}/package_gifford2022.py", "--neuro-dir", ".", "--imgs-dir", "things", "--cache-dir", "cache",
        "--output-path", "out")  # fmt: skip
    assert Path("cache/assy_THINGS_EEG2_test_Assembly/assy_THINGS_EEG2_test_Assembly.nc").is_file()
    result = json.loads(Path("out/assy_test_info.json").read_text())
    loaded = load_assembly_from_s3(**{**result, "cls": NeuroidAssembly})
    assert loaded.shape == (3, 20, 3)
    assert loaded["channel"].values.tolist() == ["O1", "Oz"] * 10
    assert loaded["time_bin_end"].values.tolist() == [0, 0.2, 0.8]
    last = (eeg - eeg.mean((0, 1))) / eeg.std((0, 1))
    assert (loaded.values[:, 18:] == last[0]).all()

    run(f"{folder}/get_local_stimuli.py", "--imgs-dir", "things", "--out-dir", "mine")
    (csv,) = Path("mine").glob("*/stimulus_THINGS_EEG2_train_Stimuli.csv")
    (archive,) = Path("mine").glob("*/stimulus_THINGS_EEG2_train_Stimuli.zip")
    assert csv.parent.name == hashlib.sha1(csv.read_bytes(), usedforsecurity=False).hexdigest()
    assert sorted(path.name for path in archive.with_suffix("").iterdir()) == files[:2]
    shown = brainpack.load_stimulus_set_from_files(csv, archive)
    assert shown["label"].tolist() == ["aardvark", "aardvark"]
    assert pictures(shown) == [png(0), png(1)]


def test_everything_by_position(s3: MiniStack, run: Run) -> None:
    root = Path("maniquet2024/private")
    for kind in ("human_stimuli", "dnn_stimuli/test", "dnn_stimuli/train"):
        images(root / kind, ["00_blur_high_face.png", "01_blur_low_animal.png"])
    table(f"{root}/data/human_data_andrea.csv", acc=[True, False, True], stimulus_id=["00_blur_high_face"] * 3,
          condition="blur", task_details="high", mask=np.nan, category="face", prediction="face", response=[1, 2, 3],
          rt=[0.1, 0.2, 0.3], subj=[1, 2, 3], task_long="t")  # fmt: skip
    run("maniquet2024/data_packaging.py")
    place = "brainio-brainscore"
    loaded = assembly(s3, "Maniquet2024", BehavioralAssembly, place, lambda: stimuli(s3, "Maniquet2024", place))
    assert loaded.dtype == bool
    assert loaded.values.tolist() == [True, False, True]
    assert np.isnan(loaded["mask"].values).all()
    assert loaded["reaction_time"].values.tolist() == [0.1, 0.2, 0.3]
    assert stimuli(s3, "Maniquet2024-train", place)["image_label"].isin(["face", "animal"]).all()


def test_names_taken_apart_by_expressions(s3: MiniStack, run: Run) -> None:
    names = ["invbear1", "finvcat2"]
    images("images", [f"{name}.jpg" for name in (*names, "never_shown1")])
    table("human_data/inverted.csv", RSP=["bear", "dog"], FileName=names, Subj=[1, 2], Inv=1, Config=["w", "f"],
          Animal=["bear", "cat"])  # fmt: skip
    run("baker2022/data_packaging/inverted_distortion_stimulus_set.py")
    run("baker2022/data_packaging/inverted_distortion_data_assembly.py")
    place = "brainscore-storage/brainio_brainscore"
    name = "Baker2022_inverted_distortion"
    loaded = assembly(s3, name, BehavioralAssembly, place, lambda: stimuli(s3, name, place))
    assert loaded.values.tolist() == ["bear", "dog"]
    assert loaded["animal"].values.tolist() == ["bear", "cat"]
    assert loaded["condition"].values.tolist() == ["w", "f"]
    assert re.fullmatch(r".*/finvcat2\.jpg", str(loaded.stimulus_set.get_stimulus("finvcat2")))
