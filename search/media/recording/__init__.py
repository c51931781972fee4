"""Audio and video files: their tracks, sound, frames and subtitles. Home of PyAV."""
