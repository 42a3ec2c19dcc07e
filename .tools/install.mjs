/**
 * Makes `node_modules` match `package-lock.json`; does nothing when it already does.
 * Run directly or imported by the other tools. Needs nothing but Node and npm.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** True when every package of the lockfile that this platform needs is there in the locked version. */
export function isInstalled() {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  let wanted;
  let present;
  try {
    wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    present = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  } catch {
    return false;
  }
  for (const [path, { version, optional, devOptional, peer, link }] of Object.entries(wanted)) {
    if (path === '' || link) continue;
    const found = present[path];
    // npm leaves out optional packages made for other platforms.
    if (!found) {
      if (optional || devOptional || peer) continue;
      return false;
    }
    if (found.version !== version || !existsSync(join(root, path))) return false;
  }
  return true;
}

/** Installs what is missing; exits with one sentence when that is impossible. */
export function ensureInstalled() {
  if (isInstalled()) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Regime Lab needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  process.stderr.write('Installing packages (once, about a minute) …\n');
  const arguments_ = ['ci', '--no-fund', '--no-audit'];
  // When started through npm, use that very npm: it needs no shell, and on Windows `npm` alone is a script.
  const npm = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
  const result = npm
    ? spawnSync(process.execPath, [npm, ...arguments_], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync(`npm ${arguments_.join(' ')}`, { cwd: root, stdio: ['ignore', 2, 2], shell: true });
  if (result.status !== 0) {
    fail('Could not install the packages. Is this machine online? Run `npm ci` here to see why, then try again.');
  }
}

export function fail(sentence) {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled();
