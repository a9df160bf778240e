import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core import numbers

WEI = "123456789012345678901234"


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616",
        "-9223372036854775809",
        WEI,
        "1" + "0" * 300,
        "1" * 5000,
        "12345678901234567.89",
        "-12345678901234567.89",
        "9007199254740993.5",
        "900719925474099.3",
        "140737488355328.01",
        "12345678901234567.89e2",
        "0.12345678901234567890123",
        "3.14159265358979323846",
        "18297007936853248.00",
        "0.10000000000000001",
    ],
)
@pytest.mark.parametrize("around", ['{"a":%s}', '{"a": [1, %s]}', "%s", '[%s,"x"]', '{"a":\n%s\n}'])
def test_a_number_that_nothing_holds_exactly_becomes_the_text_that_was_sent(text, around):
    data = (around % text).encode()
    assert numbers.may_be_rounded(data)
    assert numbers.decode(data) == json.loads(around % f'"{text}"')


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0.0",
        "0.1",
        "1e30",
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "0.30000000000000004",
        "0.10000000000000000000000",
        "1000000000000000000.00",
        "9999999999999.99",
        "1.7976931348623157e308",
        "5e-324",
    ],
)
def test_what_a_double_or_64_bits_hold_stays_a_number(text):
    data = f'{{"a": {text}}}'.encode()
    assert numbers.decode(data) == orjson.loads(data)
    assert not numbers.may_be_rounded(data)


@pytest.mark.parametrize(
    "text",
    [f'"{WEI}"', '"12345678901234567.89"', '"2026-01-01T00:00:00.000000+00:00"', '"at 10.20.30.40.50.60.70"'],
)
def test_digits_in_text_cost_nothing(text):
    assert not numbers.may_be_rounded(f'{{"a": {text}}}'.encode())


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "[" * 100_000])
def test_what_is_not_a_finite_number_of_json_is_refused(text):
    with pytest.raises(ValueError, match=r"^(number|Expecting|JSON|nested|no JSON)"):
        numbers.decode(f'{{"b": {WEI}, "a": {text}}}'.encode())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_double_is_written_as_stays_a_number(value):
    for text in (repr(value), orjson.dumps(value).decode()):
        assert numbers.decode(text.encode()) == float(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2), st.booleans())
def test_no_amount_is_rounded(amount, is_nested):
    text = f"{amount:f}"
    data = (f'{{"a": [{text}]}}' if is_nested else f'{{"a":{text}}}').encode()
    value = (numbers.decode if numbers.may_be_rounded(data) else orjson.loads)(data)["a"]
    assert Decimal(str(value[0] if is_nested else value)) == amount
