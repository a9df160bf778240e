import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["core.reducer", "client.replica", "client.sse"])
def test_the_examples_of_docstrings_hold(module):
    failed, attempted = doctest.testmod(importlib.import_module(f"livingmap.{module}"))
    assert (failed, attempted > 0) == (0, True)
