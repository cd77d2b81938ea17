/** Failures that end a command with an exit code of their own. They stand apart from what throws them, so that telling one costs no start. */

/** What is on the disk cannot be kept, or is not what was kept: the disk is full, no longer there, or has changed it. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/** Another process of this host works in the folder. */
export class FolderInUse extends Error {
  override name = 'FolderInUse';
}

/** A program of an engine did not do what it was asked; the message has what it said. */
export class ProgramError extends Error {
  override name = 'ProgramError';
}
