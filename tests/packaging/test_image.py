"""The Dockerfile, as far as it can be held without Docker. `hadolint` looks at it, too."""

import re
from pathlib import Path

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text()


def test_one_base_for_both_stages_can_be_pinned_by_one_argument():
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "--platform" not in DOCKERFILE


def test_the_image_has_no_database_and_runs_without_root():
    assert set(re.findall(r"--extra (\w+)", DOCKERFILE)) == {"notify", "otel"}
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["7017:7017"]


def test_the_health_check_asks_the_map_wherever_it_listens():
    assert re.search(r'^HEALTHCHECK .* CMD \["livingmap", "health"\]$', DOCKERFILE, re.MULTILINE)
