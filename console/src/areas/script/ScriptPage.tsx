export function NewScriptPage() {
  return <div className="page" />;
}

export function ScriptPage() {
  return <div className="page" />;
}
