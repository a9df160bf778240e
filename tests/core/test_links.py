"""Links: where the things of the map have a page elsewhere."""

import pytest

from livingmap.core.links import filled_link, invalid_link

ITEM = {
    "slug": "oak & ash",
    "dao_id": "dao:oak",
    "number": 7,
    "open": True,
    "mail": "a+b@c.org?cc=x@y.z",
    "none": None,
}


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("https://city.org/m/{slug}", "https://city.org/m/oak%20%26%20ash"),
        ("https://city.org/m?id={id}", "https://city.org/m?id=microdao%3Aoak"),
        ("https://city.org/{dao_id:key}/{id:key}#{number}", "https://city.org/oak/oak#7"),
        ("https://city.org/{slug:key}", "https://city.org/oak%20%26%20ash"),
        ("https://city.org/about", "https://city.org/about"),
        ("https://city.org/{mail}", "https://city.org/a%2Bb%40c.org%3Fcc%3Dx%40y.z"),
        ("mailto:{mail}", "mailto:a%2Bb@c.org%3Fcc%3Dx@y.z"),
        ("https://city.org/{open}", None),
        ("https://city.org/{none}", None),
        ("https://city.org/{slug}/{missing}", None),
    ],
)
def test_a_template_is_filled_with_encoded_values(template, link):
    assert invalid_link(template) is None
    assert filled_link(template, "microdao:oak", ITEM) == link


@pytest.mark.parametrize(
    "value", ["../../admin", "//evil.org", "javascript:alert(1)", "a/b?c=d#e", "\r\nx", "{id}", "%2e"]
)
def test_no_value_leaves_its_place(value):
    link = filled_link("https://city.org/m/{slug}/end", "microdao:oak", {"slug": value})
    assert link.startswith("https://city.org/m/")
    assert link.endswith("/end")
    assert not set(link.removeprefix("https://city.org/m/").removesuffix("/end")) & set("/?#: \r\n{}")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_dots_alone_make_no_link(value):
    assert filled_link("https://city.org/m/{slug}", "microdao:oak", {"slug": value}) is None


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("javascript:alert({id})", "begins with none of http:, https:, mailto:"),
        ("data:text/html,{id}", "begins with none of http:, https:, mailto:"),
        ("/microdao/{slug}", "begins with none of http:, https:, mailto:"),
        ("HTTPS://city.org", "begins with none of http:, https:, mailto:"),
        ("https:///{slug}", "has no host, or a user or a placeholder in it"),
        ("https://{slug}/", "has no host, or a user or a placeholder in it"),
        ("https://me@city.org/", "has no host, or a user or a placeholder in it"),
        ("https://[city/", "has no host, or a user or a placeholder in it"),
        ("https://city.org/{a b}", "has a placeholder that is not {field} or {field:key}"),
        ("https://city.org/{a:b}", "has a placeholder that is not {field} or {field:key}"),
        ("https://city.org/{", "has a placeholder that is not {field} or {field:key}"),
        ("https://city.org/a b", "holds white space"),
        ("mailto:", "has nothing after its scheme"),
    ],
)
def test_what_is_not_a_safe_template_is_refused(template, reason):
    assert invalid_link(template) == reason


def test_the_key_is_all_that_follows_the_type():
    assert filled_link("https://city.org/{id:key}", "model:a:b", {}) == "https://city.org/a%3Ab"
