import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { FolderInUse } from '../../../experiments/failures.ts';
import { lockFolder } from '../../../experiments/sweep/folder-lock.ts';

const built = fileURLToPath(new URL('../../../dist/experiments/sweep/folder-lock.js', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'numalab-lock-'));
afterAll(() => rmSync(base, { recursive: true }));

/** The name of a socket on Linux, and the file of one, as elsewhere. */
describe
  .skipIf(process.platform === 'win32')
  .each(process.platform === 'linux' ? (['linux', 'darwin'] as const) : ([process.platform] as const))(
  'a folder kept as on %s',
  (platform) => {
    test('is kept from others, by whatever name, until it is released', async () => {
      const folder = folderOf('a b ü');
      const link = join(base, `link-${platform}`);
      symlinkSync(folder, link);
      const release = await lockFolder(folder, platform);
      const refusal = await lockFolder(link, platform).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(FolderInUse);
      expect((refusal as Error).message).toMatch(new RegExp(`: in use by process ${process.pid}$`));
      release();
      (await lockFolder(folder, platform))();
    });

    test('does not keep another folder', async () => {
      const releases = [await lockFolder(folderOf('one'), platform), await lockFolder(folderOf('two'), platform)];
      for (const release of releases) release();
    });

    test('is given by several that ask at once to one', async () => {
      const folder = folderOf('many');
      const asked = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder, platform)));
      const given = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(given).toHaveLength(1);
      given[0]!();
    });

    test.skipIf(!existsSync(built))('is free at once when its holder is killed, and the message before named the holder', async () => {
      const folder = folderOf('killed');
      const holder = await holderOf(folder, platform);
      const refusal = (await lockFolder(folder, platform).catch((error: unknown) => error)) as Error;
      expect(refusal.message).toBe(`${folder}: in use by process ${holder.pid}`);
      await killed(holder);
      (await lockFolder(folder, platform))();
    });

    test.skipIf(!existsSync(built))('after a holder was killed is given by several that ask at once to one', async () => {
      const folder = folderOf('left');
      await killed(await holderOf(folder, platform));
      const asked = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder, platform)));
      expect(asked.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      for (const one of asked) if (one.status === 'fulfilled') one.value();
    });

    function folderOf(name: string): string {
      const folder = join(base, `${name}-${platform}`);
      mkdirSync(folder);
      return folder;
    }
  },
);

async function holderOf(folder: string, platform: string): Promise<ChildProcess> {
  const code = `import { lockFolder } from ${JSON.stringify(built)};
    await lockFolder(${JSON.stringify(folder)}, ${JSON.stringify(platform)});
    console.log('kept');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the holder ended')));
  });
  return child;
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
