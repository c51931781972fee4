"""Names for the arrays that cross room borders."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Owners = npt.NDArray[np.void]
Samples = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
