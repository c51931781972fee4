"""Two engines for Whisper behind one protocol, language detection, and spoken queries in another language."""

import re
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz

from indexer.model_change.change import use_model
from indexer.pipeline import Options
from search.encoders.runtime import Machine
from search.encoders.whisper.choice import choose_transcriber, find_whisper
from search.encoders.whisper.faster import join_whisper_base
from search.engine import Engine
from search.errors import ModelError
from search.media.recording.sound import decode_sound
from search.records import Query
from tests.support.checkpoints import make_tiny
from tests.support.indexing import index
from tests.support.whispers import make_original

pytestmark = pytest.mark.slow
MACHINE = Machine(2)
# Prompts of telephone exchanges, spoken by people: Debian's asterisk-core-sounds-{es,fr,it,ru}-wav.
PROMPTS = Path("/usr/share/asterisk/sounds")
SPOKEN = {
    "es": ("es_MX_f_Allison", ("conf-adminmenu-menu8", "vm-options", "demo-congrats")),
    "fr": ("fr_CA_f_June", ("conf-adminmenu-18", "vm-msginstruct", "priv-callee-options")),
    "it": ("it_IT_m_Carlo", ("conf-adminmenu-menu8", "vm-options", "conf-adminmenu")),
    "ru": ("ru_RU_f_IvrvoiceRU", ("conf-adminmenu-18", "demo-congrats", "conf-usermenu-162")),
}
spoken = pytest.mark.skipif(not PROMPTS.is_dir(), reason="the packages asterisk-core-sounds-*-wav are not installed")


def read_prompt(language, number):
    folder, names = SPOKEN[language]
    return (PROMPTS / folder / f"{names[number]}.wav").read_bytes()


def words(text):
    return re.findall(r"\w+", text.lower())


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return join_whisper_base(tmp_path_factory.mktemp("whisper"))


@spoken
@pytest.mark.parametrize("language", SPOKEN)
def test_the_spoken_language_is_detected(base, language):
    hearing = choose_transcriber(str(base), base.parent, MACHINE)
    prompts = [decode_sound(read_prompt(language, at)) for at in range(3)]
    assert [hearing.transcribe(prompt).language for prompt in prompts] == [language] * 3
    assert hearing.detect_language(np.concatenate(prompts)) == language


def test_the_language_of_noise_and_of_silence_is_not_clear(base):
    hearing = choose_transcriber(str(base), base.parent, MACHINE)
    noise = np.random.default_rng(0).normal(0, 0.05, 16_000 * 10).astype(np.float32)
    assert [hearing.detect_language(samples) for samples in (noise, noise * 0, noise[:0])] == [None] * 3


@spoken
def test_a_spoken_spanish_query_finds_english_documents_through_translation(fresh, tmp_path):
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "conference.txt").write_text(
        "Menu of the conference. Press one for a list of the users in the conference, press two to expel the users."
    )
    (papers / "bread.txt").write_text("Mix flour, water and the starter and let the dough rest overnight.")
    (papers / "tyre.txt").write_text("Take the wheel off, lift the tyre over the rim and pull out the tube.")
    index(fresh, papers)
    # An image model that only understands English would find nothing for a Spanish query.
    tiny = make_tiny(tmp_path / "tiny")
    use_model(fresh, tiny, None, Options(sandbox=False), lambda *_: None)
    answer = Engine(fresh.reload_models()).search(Query(voice=read_prompt("es", 0)))
    assert answer.voice.language == "es"
    assert {"uno", "usuarios"} & set(words(answer.voice.text))
    assert {"conference", "users"} & set(words(answer.voice.translation))
    assert answer.hits[0].item.path.endswith("conference.txt")
    assert answer.language == "en"


def test_a_query_in_a_language_that_a_model_does_not_support_is_reported(fresh, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/note.txt").write_text("The ferry leaves at noon from the old harbour.")
    index(fresh, tmp_path / "a")
    tiny = make_tiny(tmp_path / "tiny")
    use_model(fresh, tiny, None, Options(sandbox=False), lambda *_: None)
    engine = Engine(fresh.reload_models())
    answer = engine.search(Query(text="un perro en la playa"))
    assert (answer.language, answer.only_english) == ("es", (tiny,))
    assert engine.search(Query(text="two people riding bicycles")).only_english == ()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # its own
def test_the_original_engine_hears_what_the_other_does(base, demo, tmp_path):
    pytest.importorskip("whisper")
    checkpoint = make_original(base, tmp_path / "base.pt")
    original = choose_transcriber(f"openai-whisper:{checkpoint}", tmp_path, MACHINE)
    faster = choose_transcriber(str(base), tmp_path, MACHINE)
    sound = decode_sound(demo / "notes/train.wav")
    one, other = original.transcribe(sound), faster.transcribe(sound)
    assert one.language == other.language == "en"
    assert original.detect_language(sound) == faster.detect_language(sound) == "en"
    # The same weights, in 32 bits and in 8.
    assert fuzz.ratio(words(one.text), words(other.text)) > 75
    assert original.can_translate
    assert one.segments[0].words[0].start == pytest.approx(other.segments[0].words[0].start, abs=0.5)


def test_what_is_no_whisper_is_refused(tmp_path):
    with pytest.raises(ModelError, match="models get large-v3"):
        find_whisper("large-v3", tmp_path)
    with pytest.raises(ModelError, match="models get openai-whisper:base"):
        find_whisper("openai-whisper:base", tmp_path)
    pytest.importorskip("whisper")
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"bad\.pt is not a checkpoint"):
        choose_transcriber(f"openai-whisper:{tmp_path / 'bad.pt'}", tmp_path, MACHINE).transcribe(
            decode_sound(_beep(tmp_path))
        )


def _beep(folder):
    import wave

    import numpy as np

    path = folder / "beep.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes((np.sin(np.arange(16000) / 5) * 9000).astype(np.int16).tobytes())
    return path
