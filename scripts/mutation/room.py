"""The mutants of a room: mutmut writes all those of a module into one file, each function with its mutants."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import ndiff
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from mutmut.mutation.file_mutation import mutate_file_contents

_MUTMUTS: Final = "from mutmut.mutation.trampoline import wrap_in_trampoline as _mutmut_mutated, MutantDict"
_OWN: Final = "from mutation_switch import switched as _mutmut_mutated, MutantDict"
"""mutmut's switch asks at each call which mutant is on, which costs more than most functions do themselves."""


@dataclass(frozen=True)
class _Mutated:
    """A module with all its mutants: their names, and a digest of each function."""

    code: str
    names: Sequence[str]
    functions: dict[str, str]
    lines: Mapping[str, Sequence[int]]
    """The first and last line of each function, its mutants and the copy of it."""


def digest(text: bytes) -> str:
    """Return what tells texts apart."""
    return hashlib.sha256(text).hexdigest()[:12]


def function_of(mutant: str) -> str:
    """Return the function that a mutant is of."""
    return mutant.partition("__mutmut_")[0]


def _mutated(path: Path, cache: Path) -> _Mutated:
    """Return the module at ``path`` with its mutants, which are made once."""
    file = cache / f"{path.stem}-{digest(path.read_bytes())}.json"
    if not file.exists():
        made = mutate_file_contents(str(path), path.read_text())
        lines = {name: (span.start, span.end) for name, span in made.line_span_by_function_name.items()}
        one = _Mutated(made.code, list(made.mutant_names), dict(made.hash_by_function_name), lines)
        file.write_text(json.dumps(asdict(one)))
    return _Mutated(**json.loads(file.read_text()))


class Room:
    """The mutants of a room, written into the copy of the program that is the working directory."""

    def __init__(self, name: str, cache: Path) -> None:
        self.functions: dict[str, str] = {}
        """A digest of each function that has mutants."""
        self._modules: dict[str, _Mutated] = {}
        for path in sorted(Path("livingmap", name).glob("*.py")):
            module = f"livingmap.{name}.{path.stem}"
            self._modules[module] = one = _mutated(path, cache)
            path.write_text(one.code.replace(_MUTMUTS, _OWN))
            self.functions |= {f"{module}.{function}": text for function, text in one.functions.items()}

    def mutants(self, patterns: Sequence[str], seed: int) -> list[str]:
        """Return the names of all mutants of these modules, in a random order, the same for equal seeds."""
        names = (
            f"{module}.{name}"
            for module, one in self._modules.items()
            if any(fnmatch(module.rpartition(".")[2], pattern) for pattern in patterns or ["*"])
            for name in one.names
        )
        return sorted(names, key=lambda name: digest(f"{seed} {name}".encode()))

    def difference(self, mutant: str) -> str:
        """Return the lines that a mutant changes."""
        module, _, name = mutant.rpartition(".")
        original, changed = (self._lines(module, one) for one in (f"{function_of(name)}__mutmut_orig", name))
        return "\n".join(line for line in ndiff(original, changed) if line.startswith(("- ", "+ ")))

    def _lines(self, module: str, function: str) -> list[str]:
        first, last = self._modules[module].lines[function]
        return [line.replace(function, "") for line in self._modules[module].code.splitlines()[first - 1 : last]]
