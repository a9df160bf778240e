/** The sign of the map: a place with something alive at its centre. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="4.500" className="logo-core" />
      <ellipse cx="16" cy="16" rx="13" ry="5.500" transform="rotate(-28 16 16)" className="logo-orbit" />
      <ellipse cx="16" cy="16" rx="13" ry="5.500" transform="rotate(32 16 16)" className="logo-orbit" />
      <circle cx="26.500" cy="9.300" r="2.200" className="logo-moon" />
    </svg>
  );
}
