"""Lay several short clips out in windows of 30 seconds, the only length that Whisper's encoder was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

# Features come at 100 frames per second, the encoder's output at half of that.
FRAMES_PER_SECOND = 100
WINDOW_FRAMES = 3000
# The last two seconds of a window stay empty: each clip ends with the encoder's output for a part of them.
RESERVED_FRAMES = 200
# The length of a slot is a multiple of this, so that the clips of many slots can be decoded in one batch.
SLOT_UNIT_FRAMES = 250
# The silence after each clip. With less, the decoder often repeats the text, as it does not see that the speech ended.
GAP_FRAMES = 150
# Of clips that are longer, a window has no room for two.
MAX_CLIP_FRAMES = (WINDOW_FRAMES - RESERVED_FRAMES) // 2 // SLOT_UNIT_FRAMES * SLOT_UNIT_FRAMES - GAP_FRAMES


@dataclass(frozen=True)
class Slot:
    """The place of a clip in a window.

    Attributes:
        clip: The number of the clip.
        window: The number of the window.
        start: The first frame of the features.
        size: The number of frames, including the silence after the clip.
    """

    clip: int
    window: int
    start: int
    size: int


@dataclass
class Window:
    """A window and its slots.

    Attributes:
        slots: In order of time.
        used: The number of frames that the slots occupy.
    """

    slots: list[Slot] = field(default_factory=list)
    used: int = 0


def fill_windows(lengths: Sequence[int]) -> list[Window]:
    """Return windows with a slot for each clip; the longest clips first, each in the first window with room.

    Args:
        lengths: The frames of each clip, at most `MAX_CLIP_FRAMES`.
    """
    windows: list[Window] = []
    for clip in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        size = -(-(lengths[clip] + GAP_FRAMES) // SLOT_UNIT_FRAMES) * SLOT_UNIT_FRAMES
        room = WINDOW_FRAMES - RESERVED_FRAMES - size
        number = next((number for number, one in enumerate(windows) if one.used <= room), len(windows))
        if number == len(windows):
            windows.append(Window())
        window = windows[number]
        window.slots.append(Slot(clip, number, window.used, size))
        window.used += size
    return windows
