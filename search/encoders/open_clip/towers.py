"""Run the image encoder and the text encoder of a CLIP model with torch, on a CPU or on GPUs."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from search.encoders.open_clip.imports import import_torch
from search.encoders.open_clip.loading import ModelSource, load_model, load_tokenizer
from search.encoders.open_clip.threads import count_threads, make_streams
from search.encoders.parallel import ParallelStreams
from search.records import Pixels, Vectors

# How many images are embedded per call on a CPU, how many of them one CPU thread runs at once, and how many a GPU.
CPU_BATCH = 32
STREAM_BATCH = 8
GPU_BATCH = 128
# How many texts are embedded at once.
TEXT_BATCH = 64


class TorchTowers:
    """A loaded model. Thread-safe.

    Attributes:
        preprocess: The image settings of open_clip.
        mean: The mean of pixel values from 0 to 255, a tensor of shape (1, 3, 1, 1).
        std: The standard deviation of pixel values, a tensor of shape (1, 3, 1, 1).
    """

    def __init__(self, source: ModelSource, precision: str, devices: Sequence[str], threads: int) -> None:
        """Load the model.

        Args:
            source: The files and settings of the model.
            precision: `fp32`, `bf16`, or on a GPU `fp16`.
            devices: `["cpu"]`, or GPUs as `cuda:N`. Each GPU runs a replica.
            threads: The number of CPU threads.

        Raises:
            ModelError: The model cannot be loaded.
        """
        torch = import_torch()
        count_threads(threads)
        self._model = load_model(source)
        self._tokenizer = load_tokenizer(source)
        config = self._model.visual.preprocess_cfg
        shape = (1, 3, 1, 1)
        self.preprocess: dict[str, Any] = dict(config)
        self.mean = torch.tensor(config["mean"]).view(shape) * 255
        self.std = torch.tensor(config["std"]).view(shape) * 255
        self._lock = threading.Lock()
        if precision == "bf16" and devices[0] == "cpu":
            # The weights are converted as well, because autocast would convert them at every call.
            self._model.visual = self._model.visual.to(torch.bfloat16)
        self._replicas = [Replica(self._model, device, precision, self.mean, self.std) for device in devices]
        self._on_cpu = list(devices) == ["cpu"]
        self._streams = make_streams(threads) if self._on_cpu else ParallelStreams(len(devices))

    @property
    def module(self) -> Any:
        """The open_clip model, a `torch.nn.Module`."""
        return self._model

    @property
    def texts(self) -> Any:
        """The `TextModule` of the first device."""
        return self._replicas[0].texts

    @property
    def tokenizer(self) -> Any:
        """The tokenizer: converts a list of texts to an int64 tensor (n, context length)."""
        return self._tokenizer

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        if self._on_cpu:
            if len(pixels) == 1:  # a query: runs on all threads for a low latency
                return self._replicas[0].encode(pixels)
            parts = [pixels[start : start + STREAM_BATCH] for start in range(0, len(pixels), STREAM_BATCH)]
            return np.concatenate(self._streams.run(self._replicas[0].encode, parts))
        shares = [share for share in np.array_split(pixels, len(self._replicas)) if len(share)]
        with self._lock:
            indexes = range(len(shares))
            return np.concatenate(self._streams.run(lambda index: self._replicas[index].encode(shares[index]), indexes))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, truncated to the context length; shape (n, d), float32, unit length."""
        torch = import_torch()
        replica = self._replicas[0]
        with self._lock, torch.inference_mode():
            parts = []
            for start in range(0, len(texts), TEXT_BATCH):
                tokens = self._tokenizer(list(texts[start : start + TEXT_BATCH]))
                parts.append(replica.texts(tokens.to(replica.device)).float().cpu().numpy())
        return np.concatenate(parts)


class Replica:
    """A copy of a model on one device."""

    def __init__(self, model: Any, device: str, precision: str, mean: Any, std: Any) -> None:
        """Copy a model to a device; on a CPU, the model itself is used.

        Args:
            model: The open_clip model.
            device: `cpu` or `cuda:N`.
            precision: `fp32`, `bf16`, or on a GPU `fp16`.
            mean: The mean of pixel values, a tensor of shape (1, 3, 1, 1).
            std: The standard deviation of pixel values, a tensor of shape (1, 3, 1, 1).
        """
        torch = import_torch()
        from search.encoders.open_clip.texts import choose_text_module

        self.device = torch.device(device)
        self._on_gpu = self.device.type == "cuda"
        if self._on_gpu:
            import copy

            model = copy.deepcopy(model).to(self.device)
            model.visual = model.visual.to(memory_format=torch.channels_last)
        self.model = model
        self.texts = choose_text_module(model)
        self._mean, self._std = mean.to(self.device), std.to(self.device)
        self._dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]

    def encode(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        torch = import_torch()
        with torch.inference_mode():
            if self._on_gpu:
                return self._run_on_gpu(pixels)
            rows: Vectors = self._embed(torch.from_numpy(pixels)).float().numpy()
            return rows

    def _run_on_gpu(self, pixels: Pixels) -> Vectors:
        """Embed batches; each batch is copied from pinned memory while the previous one is computed."""
        torch = import_torch()
        copy_stream, next_batch = torch.cuda.Stream(self.device), None
        parts: list[Any] = []
        for start in range(0, len(pixels) + GPU_BATCH, GPU_BATCH):
            host_batch, batch = pixels[start : start + GPU_BATCH], next_batch
            next_batch = None
            if len(host_batch):
                pinned = torch.from_numpy(host_batch).pin_memory()
                with torch.cuda.stream(copy_stream):
                    next_batch = pinned.to(self.device, non_blocking=True)
            if batch is not None:
                parts.append(self._embed(batch))
            torch.cuda.current_stream(self.device).wait_stream(copy_stream)
        rows: Vectors = torch.cat(parts).float().cpu().numpy()
        return rows

    def _embed(self, pixels: Any) -> Any:
        """Embed a tensor (n, height, width, 3) uint8 on the device; return a tensor (n, d) of unit length."""
        torch = import_torch()
        # The same arithmetic as ToTensor and Normalize, with the division by 255 in mean and deviation.
        images = pixels.permute(0, 3, 1, 2).float().sub_(self._mean).div_(self._std)
        if self._on_gpu:
            images = images.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cuda", self._dtype, enabled=self._dtype != torch.float32):
                return torch.nn.functional.normalize(self.model.encode_image(images).float(), dim=-1)
        return torch.nn.functional.normalize(self.model.encode_image(images.to(self._dtype)).float(), dim=-1)
