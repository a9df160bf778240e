"""How numbers and counted things are written."""

import pytest

from livingmap.core.wording import decimal, plural, status_word


@pytest.mark.parametrize(
    ("value", "english", "ukrainian"),
    [
        (0, "0", "0"),
        ("-0", "0", "0"),
        ("-0.00", "0", "0"),
        ("+7", "7", "7"),
        (-7, "-7", "-7"),
        ("007.50", "7.5", "7,5"),
        (999, "999", "999"),
        (1000, "1,000", "1\u00a0000"),
        ("-12345678.90", "-12,345,678.9", "-12\u00a0345\u00a0678,9"),
        (0.25, "0.25", "0,25"),
        (" 5 ", "5", "5"),
        ("5x", None, None),
        ("", None, None),
        (1e300, None, None),
        (True, None, None),
        (None, None, None),
        ([5], None, None),
        ({"a": 5}, None, None),
    ],
)
def test_a_number_is_written_without_needless_zeros(value, english, ukrainian):
    assert [decimal(value, language) for language in ("en", "de", "uk")] == [english, english, ukrainian]


@pytest.mark.parametrize(
    ("number", "english", "ukrainian"),
    [
        (0, "votes", "голосів"),
        (1, "vote", "голос"),
        (2, "votes", "голоси"),
        (4, "votes", "голоси"),
        (5, "votes", "голосів"),
        (11, "votes", "голосів"),
        (14, "votes", "голосів"),
        (15, "votes", "голосів"),
        (21, "votes", "голос"),
        (24, "votes", "голоси"),
        (112, "votes", "голосів"),
        (-1, "votes", "голос"),
        (-11, "votes", "голосів"),
    ],
)
def test_the_form_goes_with_the_number(number, english, ukrainian):
    assert plural(number, ["vote", "votes"], "en") == english
    assert plural(number, ["голос", "голоси", "голосів"], "uk") == ukrainian


def test_of_two_forms_the_second_goes_with_few_and_many():
    assert [plural(number, ["зміна", "змін"], "uk") for number in (1, 2, 5)] == ["зміна", "змін", "змін"]
    assert plural(2, ["змін"], "uk") == "змін"


def test_a_status_is_a_word_of_the_language_or_stays_as_it_is():
    words = [status_word("online", "uk"), status_word("online", "en"), status_word("out_of_order", "uk")]
    assert words == ["в мережі", "online", "out of order"]
