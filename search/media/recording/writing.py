"""Write videos."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from search.media.recording.sound import Pcm16

if TYPE_CHECKING:
    from search.media.image.pillow import PilImage


def write_video(path: Path, frames: "Iterable[PilImage]", rate: Fraction, samples: Pcm16, sample_rate: int) -> None:
    """Write an MP4 file with H.264 video and AAC audio. Nothing is written to it if there are no frames.

    Args:
        path: The file to write.
        frames: Images of the same size, with an even width and height.
        rate: The frames per second.
        samples: Mono audio, shape (n,), int16.
        sample_rate: The sample rate of the audio in Hz.
    """
    import av

    with av.open(str(path), "w") as container:
        video = None
        for frame in frames:
            if video is None:
                video = container.add_stream("libx264", rate=rate)
                video.width, video.height = frame.size
                video.pix_fmt = "yuv420p"
                audio = container.add_stream("aac", rate=sample_rate)
                audio.layout = "mono"
            container.mux(video.encode(av.VideoFrame.from_image(frame)))  # type: ignore[no-untyped-call]
        if video is None:
            return
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate = sample_rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
        for part in [*resampler.resample(sound), *resampler.resample(None)]:
            container.mux(audio.encode(part))
        container.mux(audio.encode(None))
