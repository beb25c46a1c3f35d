"""How hard the properties are tried: the same examples at each run of CI, few in the quick profile, many in deep."""

import os

from hypothesis import HealthCheck, settings

CI = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

settings.register_profile("ci", CI)
settings.register_profile("quick", CI, max_examples=10)
settings.register_profile("deep", CI, max_examples=5000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
