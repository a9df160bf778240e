/** The page: panels around the map. */
export function App() {
  return <main>Living Map</main>;
}
