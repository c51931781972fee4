"""What a server changes in its own process."""

import subprocess
import sys

# In a separate process, because the changes stay.
SHOW_THREADS = """
import numpy
from threadpoolctl import threadpool_info
from web.server.tuning import tune_for_requests

tune_for_requests()
blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
print(bool(blas), set(blas))
"""


def test_matrix_products_of_a_server_run_on_one_thread_each():
    result = subprocess.run([sys.executable, "-c", SHOW_THREADS], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "{1}"]
