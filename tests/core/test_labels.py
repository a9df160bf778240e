"""What things are called, and ids that nobody reads."""

import pytest

from livingmap.core.labels import is_named, label_in, short_id

UUID = "3f2a9c1b-7d40-4c1e-9a52-0b6d1e8f7a33"


@pytest.mark.parametrize(
    ("entity_id", "item", "label"),
    [
        ("agent:sofia", {"name": "Sofia", "title": "Dr"}, "Sofia"),
        (f"proposal:{UUID}", {"title": "Extend the harbour", "slug": "harbour"}, "Extend the harbour"),
        (f"proposal:{UUID}", {"slug": "harbour"}, "harbour"),
        (f"vote:{UUID}", {"name": "", "title": None}, "3f2a9c1b"),
        (f"dao:{UUID}", {"name": UUID, "slug": "oak"}, "oak"),
        (f"dao:{UUID}", {"name": UUID}, "3f2a9c1b"),
        ("treasury:oak/SILT", {}, "oak/SILT"),
        ("node:gpu-1", {"name": 7}, "gpu-1"),
    ],
)
def test_a_label_is_a_name_a_title_a_slug_or_what_the_id_has_for_people(entity_id, item, label):
    assert label_in(entity_id, item) == label


@pytest.mark.parametrize(
    ("entity_id", "short"),
    [
        (f"vote:{UUID}", "3f2a9c1b"),
        (UUID.upper(), "3F2A9C1B"),
        (f"vote:{UUID.replace('-', '')}", "3f2a9c1b"),
        ("vote:3f2a9c1b", "3f2a9c1b"),
        (f"vote:{UUID}-2", f"{UUID}-2"),
        ("agent:sofia", "sofia"),
    ],
)
def test_of_a_uuid_only_the_first_digits_are_shown(entity_id, short):
    assert short_id(entity_id) == short


def test_the_beginning_of_a_uuid_is_no_name():
    assert not is_named(f"vote:{UUID}", "3f2a9c1b")
    assert is_named(f"vote:{UUID}", "Extend the harbour")
    assert is_named("vote:3f2a9c1b", "3f2a9c1b")
