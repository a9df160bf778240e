"""A switch for each mutated function: the mutated modules import this file, which is copied beside the program."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeAlias

MutantDict: TypeAlias = dict[str, Callable[..., Any]]

_functions: list[tuple[FunctionType, MutantDict]] = []


def switched(mutants: MutantDict, *_: object, **__: object) -> Callable[[FunctionType], FunctionType]:
    """Keep a function and its mutants, which mutmut adds to the dictionary later. The function stays as it is."""

    def registered(function: FunctionType) -> FunctionType:
        _functions.append((function, mutants))
        return function

    return registered


def _mutants() -> Iterator[tuple[str, FunctionType, FunctionType]]:
    """Yield the name of each mutant, the function, and the mutant itself."""
    for function, mutants in _functions:
        for name, mutant in mutants.items():
            plain: Any = getattr(mutant, "__func__", mutant)
            yield f"{function.__module__}.{name}", function, plain


def use(name: str) -> None:
    """Have a function do what its mutant does, from now on."""
    for function, mutant in ((one, other) for key, one, other in _mutants() if key == name):
        function.__code__ = mutant.__code__
        function.__defaults__, function.__kwdefaults__ = mutant.__defaults__, mutant.__kwdefaults__


def functions() -> Mapping[CodeType, str]:
    """Return the mutated functions by their code, as mutants are named: what comes before ``__mutmut_``."""
    return {function.__code__: name.partition("__mutmut_")[0] for name, function, _ in _mutants()}


def record(called: Callable[[str], object]) -> None:
    """Have ``called`` learn of each call of a mutated function from now on."""
    names = functions()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (name := names.get(frame.f_code)) is not None:
            called(name)

    threading.setprofile(profile)
    sys.setprofile(profile)
