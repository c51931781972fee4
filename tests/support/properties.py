"""Property tests whose examples take long."""

from hypothesis import HealthCheck, Phase, settings


def few_examples(count: int) -> settings:
    """Return settings with a fixed number of examples, the same in every profile; failing ones are not reduced."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
