"""The share of a whole that a random sample of it tells of."""

from math import sqrt
from statistics import NormalDist
from typing import Final

_Z: Final = NormalDist().inv_cdf(0.975)


def interval(hits: int, tried: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share of which ``hits`` of ``tried`` were seen (Wilson's score).

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    share, weight = hits / tried, _Z**2 / tried
    middle = share + weight / 2
    margin = _Z * sqrt(share * (1 - share) / tried + weight / (4 * tried))
    return (middle - margin) / (1 + weight), (middle + margin) / (1 + weight)
