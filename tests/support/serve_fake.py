"""`crossmodal serve` with the fake models, to be run as a separate process: it starts in about a second.

python -m tests.support.serve_fake --home HOME serve --port PORT
"""

import search.active_models
from crossmodal.cli.main import main
from tests.support.fake_models import choose_fake_models

if __name__ == "__main__":
    search.active_models.choose_models = choose_fake_models
    main()
