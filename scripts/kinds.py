"""Print the index of the front end's kinds: one file of `domain/kinds` is one kind of thing."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "frontend/src/features/livingMap/domain/kinds"


def module(names: list[str]) -> str:
    """Return the text of the index of some kinds, each in the file of its name."""
    lines = [
        "// Generated from the files of this folder by `npm run kinds`. Do not edit.",
        "",
        'import type { Kind } from "../kind.ts";',
        *(f'import {{ {name} }} from "./{name}.ts";' for name in names),
        "",
        "export const DECLARED: readonly Kind[] = [",
        *(f"  {name}," for name in names),
        "];",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(module(sorted(file.stem for file in FOLDER.glob("*.ts") if file.stem != "index")), end="")
