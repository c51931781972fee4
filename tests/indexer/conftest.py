"""What several tests of indexing begin with."""

import pytest
from PIL import Image


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("The lighthouse keeper wrote a letter.")
    (folder / "sub/b.md").write_text("# Recipe\n\nBoil the potatoes.")
    Image.new("RGB", (64, 64), (10, 200, 10)).save(folder / "green.png")
    return folder
