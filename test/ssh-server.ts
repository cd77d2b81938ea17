import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { absentPrograms, ended, eventually } from './processes.ts';

export interface SshServer {
  /** What makes ssh of GNU parallel find the hosts lab1 and lab2, which are this machine. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): void;
}

/** An ssh server on 127.0.0.1 whose files are in `folder`; what stands in its way if there can be none. */
export async function startSshServer(folder: string): Promise<SshServer | string> {
  const absent = absentPrograms(['sshd', 'ssh', 'ssh-keygen']);
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  if (process.getuid?.() !== 0) return 'only root can start a server of its own here';
  if (!existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 }); // it insists
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  for (const key of ['host', 'user']) await ended('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  writeFileSync(
    join(folder, 'sshd_config'),
    `ListenAddress 127.0.0.1
Port ${port}
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
`,
  );
  writeFileSync(
    join(folder, 'ssh_config'),
    `Host lab1 lab2
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${folder}/user
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
`,
  );
  const { out } = await ended('/bin/sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd']);
  const server: ChildProcess = spawn(out.trim(), ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' }); // by its whole path, it insists
  const ssh = `ssh -F ${join(folder, 'ssh_config')}`;
  try {
    await eventually('an answer of sshd', async () => (await ended('/bin/sh', ['-c', `${ssh} lab1 true`])).code === 0, 10_000);
  } catch (error) {
    server.kill();
    return (error as Error).message;
  }
  return { environment: { PARALLEL_SSH: ssh }, stop: () => void server.kill() };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
