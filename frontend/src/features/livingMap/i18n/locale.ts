/** Which languages there are, and which of them somebody reads. */

export type Locale = "uk" | "en";

/** Return the first language of a person's that the page has; English if it has none. */
export function preferredLocale(languages: readonly string[]): Locale {
  const locale = languages.map((one) => one.slice(0, 2)).find((one) => one === "uk" || one === "en");
  return locale === "uk" ? "uk" : "en";
}
