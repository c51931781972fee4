"""Train the small network that tells whether a picture may contain text: `search/encoders/ocr/presence.onnx`.

It sees gray pictures of up to 512 pixels and scores cells of 16 x 16 pixels. Text of many sizes, fonts and scripts is
drawn on photos; where nothing is drawn, the photo is an example without text. Photos in which the full reader finds
text are left out, so that they do not count as examples without text.

    python -m training.fit_text_presence PHOTOS.txt FONTS.txt search/encoders/ocr/presence.onnx
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from torch import nn

SIDE = 224
CELL = 16
BATCH = 32
STEPS = 450
# fmt: off
WORDS = [
    "EXIT", "open", "the", "station", "Main", "Street", "24", "hours", "caution", "do", "not", "enter", "sale",
    "-50%", "total", "13.99", "EUR", "thank", "you", "for", "your", "visit", "invoice", "number", "date", "出口",
    "禁止吸烟", "北京大学", "欢迎光临", "駅前",
    "営業中", "お手洗い", "こんにちは", "bus",
    "taxi", "hotel", "restaurant", "Zimmer", "frei",
    "Ausgang", "sortie", "défense", "de", "fumer", "salida",
]
# fmt: on


class PresenceNetwork(nn.Module):
    """A fully convolutional network: gray pixels (n, h, w), uint8, to a logit per cell (n, h / 16, w / 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 7, stride=4, padding=3),
            nn.ReLU(),
            nn.Conv2d(16, 24, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, (3, 5), padding=(1, 2)),
            nn.ReLU(),
            nn.Conv2d(32, 1, 1),
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = pixels.to(torch.float32)[:, None] / 127.5 - 1
        logits: torch.Tensor = self.layers(x)[:, 0]
        return logits


@cache
def open_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a font."""
    return ImageFont.truetype(path, size)


class Examples:
    """Draws text on photos."""

    def __init__(self, photos: list[str], fonts: list[str], seed: int) -> None:
        self._photos, self._fonts = photos, fonts
        self._random = np.random.default_rng(seed)

    def make(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return gray pixels, whether each cell has text, and which cells count."""
        random = self._random
        image = self._crop()
        mask = Image.new("L", image.size)
        if random.random() < 0.6:
            for _ in range(int(random.integers(1, 4))):
                self._draw(image, mask)
        if random.random() < 0.3:
            image = image.filter(ImageFilter.GaussianBlur(float(random.uniform(0.3, 1.0))))
        share = np.asarray(mask, np.float32).reshape(SIDE // CELL, CELL, SIDE // CELL, CELL).mean((1, 3)) / 255
        return np.asarray(image), (share > 0.25).astype(np.float32), ((share == 0) | (share > 0.25)).astype(np.float32)

    def _crop(self) -> Image.Image:
        random = self._random
        if random.random() < 0.12:  # a page or a screen
            return Image.new("L", (SIDE, SIDE), int(random.choice([255, 245, 230, 30, 0])))
        image = Image.open(self._photos[random.integers(len(self._photos))]).convert("L")
        scale = max(SIDE / min(image.size), float(random.uniform(0.6, 1.1)))
        image = image.resize((max(SIDE, round(image.width * scale)), max(SIDE, round(image.height * scale))))
        left, top = random.integers(image.width - SIDE + 1), random.integers(image.height - SIDE + 1)
        return image.crop((left, top, left + SIDE, top + SIDE))

    def _draw(self, image: Image.Image, mask: Image.Image) -> None:
        random = self._random
        size = int(np.exp(random.uniform(np.log(8), np.log(64))))
        font = open_font(self._fonts[random.integers(len(self._fonts))], size)
        rows = int(random.integers(1, 8 if size < 16 else 3))
        text = "\n".join(" ".join(random.choice(WORDS, int(random.integers(1, 5)))) for _ in range(rows))
        left, top = int(random.integers(-20, SIDE - 40)), int(random.integers(0, SIDE - 10))
        layer = Image.new("L", image.size)
        ImageDraw.Draw(layer).multiline_text((left, top), text, fill=255, font=font)
        box = layer.getbbox()
        if box is None:
            return
        whole = Image.new("L", image.size)
        whole.paste(255, box)
        angle = float(random.normal(0, 6)) if random.random() < 0.5 else 0.0
        layer, whole = layer.rotate(angle), whole.rotate(angle)
        around = np.asarray(image)[np.asarray(whole) > 0]
        if not around.size:
            return  # turned out of the picture
        background = float(around.mean())
        if random.random() < 0.4:  # a sign, or the bar below a film
            background = float(random.integers(256))
            image.paste(int(background), mask=whole.filter(ImageFilter.MaxFilter(5)))
        contrast = float(random.uniform(70, 200))
        ink = background - contrast if background > 128 else background + contrast
        image.paste(int(np.clip(ink, 0, 255)), mask=layer)
        mask.paste(255, mask=layer.filter(ImageFilter.MaxFilter(9)))


def train(photos: list[str], fonts: list[str]) -> PresenceNetwork:
    """Return the trained network."""
    torch.manual_seed(0)
    examples, network = Examples(photos, fonts, 0), PresenceNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, STEPS)
    for step in range(STEPS):
        batch = zip(*[examples.make() for _ in range(BATCH)], strict=True)
        pixels, has_text, counts = (torch.tensor(np.stack(part)) for part in batch)
        losses = nn.functional.binary_cross_entropy_with_logits(network(pixels), has_text, reduction="none")
        loss = (losses * counts).sum() / counts.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 4), flush=True)
    return network.eval()


def main() -> None:
    """Train and write the network."""
    photos, fonts = (Path(name).read_text().split("\n") for name in sys.argv[1:3])
    network = train([one for one in photos if one], [one for one in fonts if one])
    torch.onnx.export(
        network,
        (torch.zeros(1, 512, 384, dtype=torch.uint8),),
        sys.argv[3],
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes={"pixels": {1: "height", 2: "width"}},
        dynamo=False,
    )


if __name__ == "__main__":
    main()
