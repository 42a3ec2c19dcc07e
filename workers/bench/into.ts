/** Puts a result into a document: between a comment with its name and a comment that ends it. */

/** The document with the section's content replaced, or with the section at its end where it had none. */
export function replaceSection(document: string, name: string, content: string): string {
  const [start, end] = [`<!-- bench: ${name} -->`, '<!-- end -->'];
  const section = `${start}\n\n${content.trim()}\n\n${end}`;
  const from = document.indexOf(start);
  if (from === -1) return `${document.trimEnd()}\n\n${section}\n`;
  const to = document.indexOf(end, from);
  if (to === -1) throw new Error(`The section “${name}” has no ${end}.`);
  return document.slice(0, from) + section + document.slice(to + end.length);
}
