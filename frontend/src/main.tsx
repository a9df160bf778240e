import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./features/livingMap/app/App.tsx";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/panels.css";
import "./styles/details.css";
import "./styles/table.css";
import "./styles/dialogs.css";
import "./styles/time.css";
import "./styles/answers.css";
import "./styles/narrow.css";
import "./styles/low.css";
import "./styles/touch.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
