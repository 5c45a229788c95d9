import { Input } from 'antd';
import { useState } from 'react';

interface Props {
  id: string;
  value: readonly string[];
  onChange: (lines: string[]) => void;
  placeholder?: string;
  disabled?: boolean;
}

/** A list of short texts, one a line. Empty lines are typed, but are no entries. */
export function Lines({ id, value, onChange, placeholder, disabled = false }: Props) {
  const [text, setText] = useState(value.join('\n'));
  return (
    <Input.TextArea
      id={id}
      className="code"
      autoSize={{ minRows: 2, maxRows: 12 }}
      spellCheck={false}
      value={text}
      placeholder={placeholder}
      disabled={disabled}
      onChange={(event) => {
        setText(event.target.value);
        onChange(entriesOf(event.target.value));
      }}
    />
  );
}

function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
