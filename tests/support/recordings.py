"""Awkward recordings, written by real encoders."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image

RATE = 16_000


def make_tone(seconds, pitch=440.0, level=0.3):
    return (np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * pitch / RATE) * level).astype(np.float32)


def write_sounds(target, tracks, container=None, codec="pcm_s16le", layout="mono", options=None):
    """Write audio tracks. Of each: start in seconds; samples, shape (n,) or (channels, n); settings of the stream."""
    with av.open(target, "w", format=container, options=options or {}) as out:
        streams = []
        for _, _, settings in tracks:
            stream = out.add_stream(codec, rate=RATE)
            stream.layout = layout
            for name, value in settings.items():
                if name == "disposition":
                    stream.disposition = value
                else:
                    stream.metadata[name] = value
            streams.append(stream)
        for stream, (start, samples, _) in zip(streams, tracks, strict=True):
            write_samples(out, stream, start, samples, layout)
            out.mux(stream.encode(None))


def write_samples(out, stream, start, samples, layout="mono"):
    planes = np.atleast_2d(np.asarray(samples, np.float32))
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.format, layout, stream.rate, frame_size=size)
    packed = np.ascontiguousarray(planes.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
    offset = round(start * stream.rate)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        part.pts = (part.pts or 0) + offset
        part.time_base = Fraction(1, stream.rate)
        out.mux(stream.encode(part))


RED, BLUE = (200, 30, 30), (20, 40, 200)


def write_frames(target, images, container=None, codec="libx264", rate=10, start=0.0, **settings):
    """Write a video track of images of one size, with an even width and height."""
    options = settings.pop("options", {})
    with av.open(target, "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height = images[0].size
        stream.pix_fmt = settings.pop("pix_fmt", "yuv420p")
        for name, value in settings.items():
            setattr(stream, name, value)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = number + round(start * rate), Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def make_images(count, size=(320, 200)):
    """Red images, then as many blue ones."""
    return [Image.new("RGB", size, RED)] * count + [Image.new("RGB", size, BLUE)] * count


def encode(write, *args, **settings):
    """Return what a function writes to a stream."""
    stream = io.BytesIO()
    write(stream, *args, **settings)
    return stream.getvalue()


def find_pitch(samples):
    """Return the strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(np.asarray(samples, np.float64)))
    return float(np.argmax(spectrum) * RATE / len(samples))


def write_gaps(target, parts, container, codec="pcm_s16le"):
    """Write one audio track of parts: start in seconds and samples."""
    with av.open(target, "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        for start, samples in parts:
            write_samples(out, stream, start, samples)
        out.mux(stream.encode(None))
