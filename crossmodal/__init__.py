"""Cross-modal search over folders of pictures, audio, video and documents."""
