"""What services may answer and publish: any JSON, for the contract suites."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

# No shrinking: a smaller example is not worth minutes, the failing one is printed.
PATIENT = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],  # one suite, many plugins
)
