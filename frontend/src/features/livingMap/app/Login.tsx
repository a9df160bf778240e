import { type FormEvent, useState } from "react";
import { useLanguage } from "../i18n/i18n.tsx";
import { Dialog } from "./Dialog.tsx";
import { adoptToken, LoginError, logIn, loginUrl, logOut } from "./session.ts";

type LoginProps = {
  readonly reason: "needed" | "expired" | "forbidden" | "wished";
  readonly detail: string | null;
  /** Null where there is nothing to go back to. */
  readonly onClose: (() => void) | null;
};

/** The way in: an account at auth-service, or a token. */
export function Login({ reason, detail, onClose }: LoginProps) {
  const { words } = useLanguage();
  const { session } = words;
  if (reason === "forbidden") {
    return (
      <Dialog title={session.forbidden} onClose={onClose}>
        <p>{session.forbiddenHint}</p>
        {detail && <p className="muted">{detail}</p>}
        <button type="button" className="button primary" onClick={logOut}>
          {session.other}
        </button>
      </Dialog>
    );
  }
  return (
    <Dialog title={session.title} onClose={onClose}>
      {reason === "expired" && <p>{session.expired}</p>}
      {reason === "needed" && <p>{session.needed}</p>}
      {loginUrl ? <Account onDone={onClose} /> : <Token onDone={onClose} />}
    </Dialog>
  );
}

type FormProps = { readonly onDone: (() => void) | null };

function Account({ onDone }: FormProps) {
  const { words } = useLanguage();
  const [problem, setProblem] = useState<LoginError["reason"] | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await logIn(String(form.get("email")), String(form.get("password")));
      onDone?.();
    } catch (error) {
      setProblem(error instanceof LoginError ? error.reason : "unreachable");
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="form" onSubmit={submit}>
      <label>
        {words.session.email}
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        {words.session.password}
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {problem && (
        <p role="alert" className="form-problem">
          {words.session[problem]}
        </p>
      )}
      <button type="submit" className="button primary" disabled={isBusy}>
        {words.session.login}
      </button>
    </form>
  );
}

function Token({ onDone }: FormProps) {
  const { words } = useLanguage();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    adoptToken(String(new FormData(event.currentTarget).get("token")));
    onDone?.();
  };
  return (
    <form className="form" onSubmit={submit}>
      <label>
        {words.session.token}
        <input name="token" type="password" autoComplete="off" spellCheck={false} required />
      </label>
      <p className="muted">{words.session.tokenHint}</p>
      <button type="submit" className="button primary">
        {words.session.useToken}
      </button>
    </form>
  );
}
