"""Embed the training photos with heads that were trained without them, for fitting calibrators.

    python training/out_of_fold.py --flickr DIR --cache DIR --out DIR

`--cache` is the cache of `python -m training.compact`, which contains the features of all views. Four heads are trained
on three quarters of the photos each, with fewer epochs than the shipped head.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from search.encoders.onnx import open_session
from search.settings import count_cores
from training.compact.data import read_captioned
from training.compact.features import read_test_features
from training.compact.fit import TrainingRecipe, fit_head
from training.compact.network import TEXT, normalize
from training.compact.quality import embed_views, measure_captions
from training.compact.texts import TextCache, make_graph_encoder, measure_means
from training.compact.training_set import read_training_set

FOLDS = 4
EPOCHS = 40


def main() -> None:
    """Train each head and write the vectors of the photos that it was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "cache", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    train = read_captioned(options.flickr, "train")
    texts = TextCache(make_graph_encoder(options.cache), options.cache)
    tower = options.cache / "int8" / "tower.onnx"
    data = read_training_set(train, texts, measure_means(texts, train), tower)
    session = open_session(tower, count_cores(), is_7_bit=True)
    tested = read_test_features(session, "train", train.photos, tower.parent)
    order = np.random.default_rng(17).permutation(len(train.photos))
    for number, held in enumerate(np.array_split(order, FOLDS)):
        out, used = np.sort(held), np.sort(np.setdiff1d(order, held))
        head = fit_head(data.select(used), TrainingRecipe(epochs=EPOCHS, seed=number), lambda *_: None)
        vectors = embed_views(head, [view.select(out) for view in tested])
        head.eval()
        print(number, measure_captions(head, vectors, data.captions[torch.from_numpy(out)]), flush=True)
        np.savez(
            options.out / f"fold{number}.npz",
            names=np.array([train.photos[at].name for at in out]),
            scene=normalize(vectors[:, :-TEXT]).numpy(),
            thing=normalize(vectors[:, -TEXT:]).numpy(),
            projection=head.projection.weight.detach().numpy(),
        )


if __name__ == "__main__":
    main()
