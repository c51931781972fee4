"""How long the rest of a run takes."""

from indexer.progress import TimeEstimate, sort_by_kind
from search.records import FileFacts, ItemType


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_file(name: str, kind: ItemType | None, size: int = 1000) -> FileFacts:
    return FileFacts(f"/media/{name}", 1, kind, size, 0)


def make_images(count: int) -> list[FileFacts]:
    return [make_file(f"{number}.jpg", ItemType.IMAGE) for number in range(count)]


def test_photos_are_indexed_before_documents_then_films_then_recordings():
    files = [
        make_file("talk.mp3", ItemType.AUDIO),
        make_file("odd", None),
        make_file("film.mp4", ItemType.VIDEO),
        make_file("b.jpg", ItemType.IMAGE),
        make_file("letter.pdf", ItemType.DOCUMENT),
        make_file("a.jpg", ItemType.IMAGE),
    ]
    names = [file.path.removeprefix("/media/") for file in sort_by_kind(files)]
    assert names == ["b.jpg", "a.jpg", "letter.pdf", "film.mp4", "talk.mp3", "odd"]


def test_the_time_left_follows_the_measured_cost_of_photos():
    clock, images = Clock(), make_images(101)
    estimate = TimeEstimate(images, clock=clock)
    for image in images[:100]:
        clock.now += 2.0
        estimate.finish(image, None)
    assert 1.9 < estimate.seconds_left < 2.1


def test_cheap_photos_do_not_hide_that_a_recording_takes_long():
    clock, images = Clock(), make_images(1000)
    recording = make_file("talk.mp3", ItemType.AUDIO, size=60_000_000)
    estimate = TimeEstimate([*images, recording], clock=clock)
    for image in images:
        clock.now += 0.01
        estimate.finish(image, None)
    # By files, 0.01 seconds would be left.
    assert estimate.seconds_left > 300


def test_the_time_left_falls_while_a_long_recording_is_transcribed():
    clock = Clock()
    recording = make_file("talk.mp3", ItemType.AUDIO, size=60_000_000)
    estimate = TimeEstimate([recording], clock=clock)
    seen = []
    for position in range(120, 3600, 120):
        clock.now += 20.0  # a sixth of the time that it takes to listen
        estimate.advance(recording, position)
        seen.append(estimate.seconds_left)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 60


def test_the_length_of_recordings_is_learned_from_those_that_are_done():
    clock = Clock()
    files = [make_file(f"{number}.wav", ItemType.AUDIO, size=10_000_000) for number in range(11)]
    estimate = TimeEstimate(files, clock=clock)
    for file in files[:10]:
        clock.now += 10.0
        estimate.finish(file, 50.0)
    assert 8 < estimate.seconds_left < 20


def test_a_copy_or_a_failure_says_nothing_about_the_cost_of_other_files():
    clock, images = Clock(), make_images(10)
    estimate = TimeEstimate(images, clock=clock)
    before = estimate.seconds_left
    for image in images[:5]:
        clock.now += 60.0
        estimate.finish(image, None, is_measured=False)
    assert estimate.seconds_left == before / 2


def test_nothing_is_left_when_every_file_is_done():
    clock, images = Clock(), make_images(3)
    estimate = TimeEstimate(images, clock=clock)
    for image in images:
        estimate.finish(image, None)
    assert estimate.seconds_left == 0


def test_a_file_that_is_finished_twice_counts_once():
    clock, images = Clock(), make_images(2)
    estimate = TimeEstimate(images, clock=clock)
    estimate.finish(images[0], None)
    left = estimate.seconds_left
    estimate.finish(images[0], None)
    assert estimate.seconds_left == left
