"""What drones write into subtitles is distinguished from what people say."""

import pytest

from search.media.telemetry import has_telemetry, is_telemetry


@pytest.mark.parametrize(
    "text",
    [
        "[latitude: 47.123456] [longitude: 8.123456] [rel_alt: 1.200 abs_alt: 300.0]",
        "[rel_alt: 1.200 abs_alt: 300.0]",
        "[iso : 110] [shutter : 1/200.0] [longtitude: -1.963763]",
        "GPS (8.1234,47.1234,18)",
        "GPS(149.0251,-20.2533,16) BAROMETER:1.9",
        "HOME(E: 149.0251, S: 20.2532) 2017-08-05 14:11:51",
        "FrameCnt: 1, DiffTime: 33ms",
        "SrtCnt : 1, DiffTime : 33ms",
        "F/2.8, SS 1000, ISO 100, EV 0",
        "ISO:100 Shutter:60 EV: Fnum:2.2",
    ],
)
def test_telemetry_is_recognized_in_every_encoding(text):
    assert is_telemetry(text)
    assert all(has_telemetry(text.encode(encoding)) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@pytest.mark.parametrize(
    "text",
    [
        "The GPS (that old thing) says 47.1 degrees.",
        "[Home: music plays]",
        "We flew at latitude: 47.",
        "F/2.8 is the largest aperture, and ISO 100 is enough.",
        "[altitude alarm]",
        "Take us home (2 of us).",
        "",
    ],
)
def test_what_people_say_is_not_telemetry(text):
    assert not is_telemetry(text)
