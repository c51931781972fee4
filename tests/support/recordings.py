"""Awkward recordings, written by real encoders."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image

RATE = 16_000


def make_tone(seconds, pitch=440.0, level=0.3):
    return (np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * pitch / RATE) * level).astype(np.float32)


def write_sounds(target, tracks, container=None, codec="pcm_s16le", layout="mono", options=None, rate=RATE):
    """Write audio tracks. Of each: start in seconds; samples, shape (n,) or (channels, n); settings of the stream."""
    with av.open(target, "w", format=container, options=options or {}) as out:
        streams = []
        for _, _, settings in tracks:
            stream = out.add_stream(codec, rate=rate)
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


def make_noise_images(count):
    """Images that do not compress."""
    return [Image.effect_noise((320, 200), 90).convert("RGB") for _ in range(count)]


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


ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def write_subtitled(target, tracks, container="matroska", codec="subrip", language=None, samples=None):
    """Write a video with a tone and subtitle tracks. Of each: lines (start, end, text); settings of the stream.

    A text of bytes is written as it is.
    """
    samples = make_tone(4) if samples is None else samples
    with av.open(target, "w", format=container) as out:
        video = out.add_stream("libvpx" if container == "webm" else "libx264", rate=2)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("libopus", rate=RATE)
        sound.layout = "mono"
        if language:
            sound.metadata["language"] = language
        streams = []
        for _, settings in tracks:
            stream = out.add_stream(codec)
            stream.time_base, stream.codec_context.subtitle_header = Fraction(1, 1000), ASS_HEADER
            stream.disposition = settings.get("disposition", 0)
            stream.metadata.update({name: value for name, value in settings.items() if name != "disposition"})
            streams.append(stream)
        for image in make_images(len(samples) // RATE, (64, 48)):
            out.mux(video.encode(av.VideoFrame.from_image(image)))
        write_samples(out, sound, 0, samples)
        for stream, (lines, _) in zip(streams, tracks, strict=True):
            for start, end, text in lines:
                body = text if isinstance(text, bytes) else text.encode()
                if codec == "ass":
                    body = b"0,0,Default,,0,0,0,," + body
                if codec == "mov_text" and not isinstance(text, bytes):
                    body = len(body).to_bytes(2, "big") + body
                packet = av.Packet(body)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = round(start * 1000)
                packet.duration = round((end - start) * 1000)
                out.mux(packet)
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


def write_song(target, cover):
    """Write a second of sound as MP3, with a title and a cover."""
    with av.open(target, "w", format="mp3") as out:
        out.metadata["title"] = "Song"
        sound = out.add_stream("libmp3lame", rate=RATE)
        sound.layout = "mono"
        image = out.add_stream("mjpeg", rate=1)
        image.width, image.height, image.pix_fmt = *cover.size, "yuvj420p"
        image.disposition = av.stream.Disposition.attached_pic
        out.mux(image.encode(av.VideoFrame.from_image(cover).reformat(format="yuvj420p")))
        out.mux(image.encode(None))
        write_samples(out, sound, 0, make_tone(1))
        out.mux(sound.encode(None))
