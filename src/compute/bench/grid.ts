/** A table of texts: lined up for a terminal, or as Markdown. */

export interface Grid {
  /** Names of the columns, the first that of the rows' names. */
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}
export type TableStyle = 'text' | 'markdown';

export function draw({ head, lines }: Grid, style: TableStyle): string {
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => [...(line[column] ?? '')].length)));
  const aligned = (line: readonly string[]) =>
    widths.map((width, column) => {
      const text = line[column] ?? '';
      const space = ' '.repeat(width - [...text].length);
      return column === 0 ? text + space : space + text;
    });
  if (style === 'text') return [head, ...lines].map((line) => aligned(line).join('   ').trimEnd()).join('\n');
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [aligned(head), rule, ...lines.map(aligned)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
