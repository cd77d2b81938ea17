/** Whether a comment says that another guest begins, as `placement export` writes it: a line that begins with `# guest `. */
export function startsGuest(between: string): boolean {
  return /^[ \t]*# guest /m.test(between);
}
