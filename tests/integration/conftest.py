"""Libraries of the integration tests share the loaded bundled models, which take seconds to load."""

import pytest

from tests.support.real_models import CHOOSER, choose_shared_models


@pytest.fixture(autouse=True)
def _share_bundled_models(monkeypatch):
    monkeypatch.setattr(CHOOSER, choose_shared_models)
