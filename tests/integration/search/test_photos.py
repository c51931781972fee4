"""The vectors and the perceptual hashes of real photos."""

import numpy as np
from PIL import Image, ImageEnhance

from search.media.image.pillow import compute_phash, make_noise
from search.scoring.grouping import MAX_BITS


def test_images_have_the_same_vectors_alone_and_in_a_batch(library):
    encoder = library.models.image_encoder
    prepared = [encoder.transform(one) for one in make_noise(5)]
    together = encoder.encode_images(prepared)
    alone = np.concatenate([encoder.encode_images([one]) for one in prepared])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_perceptual_hash_survives_scaling_and_light(demo):
    images = [Image.open(path).convert("RGB") for path in sorted(demo.rglob("*.jpg"))]
    phashes = [compute_phash(one) for one in images]
    for image, phash in zip(images, phashes, strict=True):
        copy = ImageEnhance.Brightness(image.resize((image.width // 3, image.height // 3))).enhance(1.15)
        assert ((compute_phash(copy) ^ phash) & (2**64 - 1)).bit_count() <= MAX_BITS
    different = [(a ^ b) & (2**64 - 1) for at, a in enumerate(phashes) for b in phashes[:at]]
    assert np.median([one.bit_count() for one in different]) > 20
