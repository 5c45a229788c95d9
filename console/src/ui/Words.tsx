/** A text in which names stand between backticks, as in the help of connectors. */
export function Words({ text }: { text: string }) {
  const parts = text.split('`');
  // A lone backtick is a sign like any other.
  if (parts.length % 2 === 0) return text;
  return parts.map((part, index) =>
    index % 2 === 1 ? (
      // A part has no name but its place.
      // oxlint-disable-next-line react/no-array-index-key
      <code key={index} className="code">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
