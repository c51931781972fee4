"""The graph that embeds passages in 8 bits, against the exact one."""

import numpy as np
import pytest

from search.encoders.compact.e5 import INNER, E5Weights, find_weights
from search.encoders.compact.files import CompactFiles, normalize
from search.encoders.compact.graph import LAYERS, MATRICES
from search.encoders.compact.quantized import MAX_WEIGHT, SPLIT, list_quantized_initializers, order_channels
from search.encoders.compact.towers import CompactTextEncoder, open_e5
from search.encoders.runtime import Machine

MACHINE = Machine(threads=2)
PASSAGES = (
    "dog",
    "A cat sleeps on the red sofa in the living room.",
    "Die Rechnung über den neuen Kühlschrank liegt im Ordner mit den Garantien, zusammen mit dem Kaufvertrag.",
    "La réunion du comité est reportée au mardi prochain, à dix heures, dans la salle bleue.",
    "El contrato del apartamento vence en junio y hay que avisar con dos meses de antelación.",
    "我们上个月在京都拍的照片里有很多红色的鸟居和小巷子。",
    "In 1911 the harbour was deepened to 9.5 m, which let ships of 12,000 tons unload at the new quay. " * 5,
    "The minutes of the meeting were approved. " * 90,
)


@pytest.fixture(scope="module")
def encoder():
    files = CompactFiles()
    return CompactTextEncoder(files, open_e5(files, MACHINE), MACHINE)


def test_vectors_are_close_to_those_of_the_exact_graph(encoder):
    exact = normalize(encoder._e5.encode(PASSAGES, "passage: ") - CompactFiles().passage_mean)
    cosines = (encoder.encode_passages(PASSAGES) * exact).sum(1)
    assert cosines.min() > 0.995
    assert cosines.mean() > 0.998


def test_a_vector_does_not_depend_on_the_passages_it_is_embedded_with(encoder):
    together = encoder.encode_passages(PASSAGES)
    alone = np.concatenate([encoder.encode_passages([passage]) for passage in PASSAGES])
    reversed_order = encoder.encode_passages(PASSAGES[::-1])[::-1]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, reversed_order)


def test_no_passages_have_no_vectors(encoder):
    assert encoder.encode_passages([]).shape == (0, 384)


def test_the_sum_of_two_products_fits_into_16_bits():
    tensors = list_quantized_initializers(E5Weights(find_weights()), CompactFiles().calibration)
    for layer in range(LAYERS):
        for name in MATRICES:
            weights = tensors[f"{layer}.{name}.weight"]
            assert weights.dtype == np.int8
            assert np.abs(weights.astype(np.int16)).max() == MAX_WEIGHT
    assert 2 * 255 * MAX_WEIGHT < 2**15


def test_the_channels_with_large_numbers_stay_in_float32():
    calibration = CompactFiles().calibration
    tensors = list_quantized_initializers(E5Weights(find_weights()), calibration)
    for layer, large in enumerate(calibration.large):
        assert sorted(order_channels(large)) == list(range(INNER))
        assert tensors[f"{layer}.{SPLIT}.large"].dtype == np.float32
        assert len(tensors[f"{layer}.{SPLIT}.large"]) + len(tensors[f"{layer}.{SPLIT}.weight"]) == INNER


def test_texts_are_cut_together_as_they_are_cut_separately():
    weights = E5Weights(find_weights())
    lengths = [" word" * count for count in range(440, 520, 3)]
    texts = [*PASSAGES, "", "  two  spaces ", *lengths]
    assert weights.cut_texts(texts, "passage: ") == [weights.cut_windows(text, "passage: ") for text in texts]
