"""Plugins in single files: what lies beside one is its own."""

import os
import sys

import pytest

from livingmap.sources.plugin_import import SOURCES, PluginError, import_plugin


def folder_of(parent, name, text):
    folder = parent / name
    (folder / "rules").mkdir(parents=True)
    (folder / "plugin.py").write_text(
        "import helpers\nfrom rules import strict\nwho = (helpers.WHO, strict.WHO)\n"
    )
    (folder / "helpers.py").write_text(f"WHO = {text!r}\n")
    (folder / "rules" / "__init__.py").write_text("")
    (folder / "rules" / "strict.py").write_text(f"WHO = {text.upper()!r}\n")
    return folder


def test_a_file_imports_its_neighbours_and_no_other_files_get_them(tmp_path):
    path, modules = list(sys.path), set(sys.modules)
    for name in ("morning", "evening"):  # no other test has modules of these names
        folder = folder_of(tmp_path, name, name)
        assert import_plugin(name, "./plugin.py", folder, SOURCES).who == (name, name.upper())
    assert sys.path == path
    assert set(sys.modules) - modules == {"livingmap_file_morning", "livingmap_file_evening"}


def test_a_neighbour_goes_before_what_others_have_imported_and_takes_nothing_from_them(tmp_path, monkeypatch):
    other = type(sys)("helpers")
    monkeypatch.setitem(sys.modules, "helpers", other)
    folder = folder_of(tmp_path, "near", "near")
    assert import_plugin("near", "./plugin.py", folder, SOURCES).who == ("near", "NEAR")
    assert sys.modules["helpers"] is other


def test_a_neighbour_that_fails_is_named_and_leaves_nothing(tmp_path):
    folder = folder_of(tmp_path, "bad", "bad")
    (folder / "helpers.py").write_text("import no_such_thing\n")
    path = list(sys.path)
    with pytest.raises(PluginError, match="No module named 'no_such_thing'"):
        import_plugin("bad", "./plugin.py", folder, SOURCES)
    assert (sys.path, "helpers" in sys.modules) == (path, False)


def test_a_neighbour_that_is_saved_again_within_its_second_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # what is compiled is kept by second and size
    folder = folder_of(tmp_path, "soon", "soon")
    for text in ("soon", "late"):
        (folder / "helpers.py").write_text((folder / "helpers.py").read_text().replace("soon", text))
        os.utime(folder / "helpers.py", (1_000_000_000, 1_000_000_000))
        assert import_plugin("soon", "./plugin.py", folder, SOURCES).who[0] == text
    assert not sys.dont_write_bytecode
