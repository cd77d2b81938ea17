import type { Answer } from '../experiments/questions/question.ts';
import { table } from './table.ts';

const WIDEST = 140;

/** What the deck asked, the table behind the answer if it has one, and the answer as a paragraph. */
export function answerText({ deck, answer, table: behind }: Answer, width: number): string {
  const figures = behind ? `${behind.title}\n\n${table(behind.columns, behind.rows)}\n\n` : '';
  return `The deck: "${deck}"\n\n${figures}${wrapped(answer, Math.min(WIDEST, Math.max(60, width)))}\n`;
}

function wrapped(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
