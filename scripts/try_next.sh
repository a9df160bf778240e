#!/usr/bin/env bash
# usage: scripts/try_next.sh [version of Next.js]
# Build a small app of Next.js (app router) with the packed npm package: it must build, and its server must render the
# page. Too slow for the checks, and it installs Next.js from the npm registry. Needs the environment of scripts/test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$(scripts/get_node.sh):$PATH"
export PATH NEXT_TELEMETRY_DISABLED=1

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

(cd frontend && npx tsdown --logLevel error && npm pack --silent --pack-destination "$work" ./package >/dev/null)
mkdir -p "$work/app/app"
cd "$work/app"
cat >package.json <<'EOF'
{ "private": true, "scripts": { "build": "next build", "start": "next start" } }
EOF
# as create-next-app writes it
cat >tsconfig.json <<'EOF'
{
  "compilerOptions": {
    "target": "ES2017", "lib": ["dom", "dom.iterable", "esnext"], "strict": true, "noEmit": true,
    "esModuleInterop": true, "module": "esnext", "moduleResolution": "bundler", "resolveJsonModule": true,
    "isolatedModules": true, "jsx": "preserve", "incremental": true, "skipLibCheck": true,
    "plugins": [{ "name": "next" }]
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
  "exclude": ["node_modules"]
}
EOF
cat >app/layout.tsx <<'EOF'
import type { ReactNode } from "react";

export default function Layout({ children }: { readonly children: ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
EOF
# a server component that uses the package as it is; what needs state is a client component of the app
cat >app/page.tsx <<'EOF'
import { LivingMapProvider } from "@livingmap/react";
import { LivingMap } from "@livingmap/react/map";
import { Agents } from "./agents";

export default function Page() {
  return (
    <LivingMapProvider url="/map/">
      <h1>The network</h1>
      <Agents />
      <LivingMap layers={["nodes"]} style={{ height: 400 }} />
    </LivingMapProvider>
  );
}
EOF
cat >app/agents.tsx <<'EOF'
"use client";
import { useLivingMapFull } from "@livingmap/react";

export function Agents() {
  const { snapshot, connectionStatus } = useLivingMapFull();
  return <p>{connectionStatus}: {snapshot?.layers.agents.items.length ?? 0} agents</p>;
}
EOF
npm install --no-audit --no-fund --loglevel=error "next@${1:-15}" react@19 react-dom@19 typescript@5 @types/react@19 @types/node@20 "$work"/*.tgz
npm run --silent build

port=$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })')
npx next start --port "$port" >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  page=$(curl --silent --fail "http://127.0.0.1:$port/") && break
  sleep 0.3
done
case "${page:-}" in
*"The network"*"agents"*) printf 'Next.js %s: the app is built, and its server renders the page\n' "$(node -p 'require("next/package.json").version')" ;;
*) cat server.log >&2; printf 'error: the server did not render the page\n' >&2; exit 1 ;;
esac
