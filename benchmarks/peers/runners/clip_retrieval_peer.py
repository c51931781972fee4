"""clip-retrieval: `inference`, then `index`, and the service of `back` without HTTP."""

from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree

from support import Search, declare_operators, main

DECLARED = declare_operators()
BATCH_SIZE, CORES = 32, 2


class ClipRetrieval:
    """clip-retrieval."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Do nothing."""

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Embed every photo and build the index: it has no mode that skips what it has embedded."""
        from clip_retrieval.clip_index import clip_index
        from clip_retrieval.clip_inference.main import main as infer

        rmtree(state / "embeddings", ignore_errors=True)
        rmtree(state / "index", ignore_errors=True)
        infer(
            input_dataset=str(photos),
            output_folder=str(state / "embeddings"),
            input_format="files",
            clip_model=_name_model(weights),
            enable_text=False,
            use_jit=False,
            batch_size=BATCH_SIZE,
            num_prepro_workers=CORES,
        )
        clip_index(
            embeddings_folder=str(state / "embeddings"),
            index_folder=str(state / "index"),
            max_index_memory_usage="1G",
            current_memory_available="4G",
            nb_cores=CORES,
        )

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Index the folder again."""
        self.index(photos, state, weights)

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the paths in its metadata, if the index exists too."""
        import pyarrow.parquet as pq

        files = sorted((state / "embeddings/metadata").glob("*.parquet"))
        if not (state / "index/image.index").exists():
            return []
        return [path for file in files for path in pq.read_table(file)["image_path"].to_pylist()]

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Load the model and the index."""
        from clip_retrieval.clip_back import ClipOptions, KnnService, load_clip_index

        options = ClipOptions(
            indice_folder=str(state / "index"),
            clip_model=_name_model(weights),
            enable_hdf5=False,
            enable_faiss_memory_mapping=False,
            columns_to_return=["image_path"],
            reorder_metadata_by_ivf_index=False,
            enable_mclip_option=False,
            use_jit=False,
            use_arrow=False,
            provide_safety_model=False,
            provide_violence_detector=False,
            provide_aesthetic_embeddings=False,
        )
        service = KnnService(clip_resources={"photos": load_clip_index(options)})

        def search(text: str) -> list[str]:
            results = service.query(
                text_input=text,
                modality="image",
                num_images=10,
                num_result_ids=10,
                indice_name="photos",
                use_safety_model=False,
                use_violence_detector=False,
            )
            return [result["image_path"] for result in results]

        return search


def _name_model(weights: Path) -> str:
    return f"open_clip:ViT-B-32-256/{weights / 'model.pt'}"


if __name__ == "__main__":
    main(ClipRetrieval())
