/** Text as it is compared in a search: forms of one letter, and letters that look alike, are the same. The twin of `livingmap/core/search_key.py`. */

/** Accents, and characters without a width. */
const INVISIBLE = /[\u0300-\u036f]|[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
/** Letters of other alphabets that are taken for Latin ones, by the looks of small and capital letters. */
const ALIKE: ReadonlyMap<string, string> = pairs(
  `${"авеікмнорстухѕјһԁԛԝӏ"}${"αβγεηικμνορτυχω"}ıł`,
  `${"abeikmhopctyxsjhdqwl"}${"abyehikmvoptuxw"}il`,
);
const ASCII = /^[\0-\x7f]*$/;

/** Return what two texts that read alike have in common; a search finds one key in another. */
export function searchKey(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const folded = caseless(text.normalize("NFKD")).normalize("NFKD").replaceAll(INVISIBLE, "");
  return [...folded].map((letter) => ALIKE.get(letter) ?? letter).join("");
}

/** Fold case as Python's `casefold` does, as far as letters of one case differ: `ß` is `ss`, a final sigma is a sigma. */
function caseless(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

function pairs(letters: string, latin: string): ReadonlyMap<string, string> {
  const alike = [...latin];
  return new Map([...letters].map((letter, at) => [letter, alike[at] ?? letter]));
}
