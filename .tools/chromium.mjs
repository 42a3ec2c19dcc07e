/**
 * Finds a Chromium for the browser stories, or installs one: Debian's package when root on Debian, else Playwright's download.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './install.mjs';

function candidates() {
  const { CHROMIUM_PATH, LOCALAPPDATA, PROGRAMFILES } = process.env;
  const installed = {
    linux: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/usr/bin/google-chrome-stable',
    ],
    darwin: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    win32: [PROGRAMFILES, process.env['PROGRAMFILES(X86)'], LOCALAPPDATA]
      .filter(Boolean)
      .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
  }[process.platform];
  return [CHROMIUM_PATH, ...(installed ?? []), playwrightChromium()].filter(Boolean);
}

/** Where Playwright keeps its own download, there or not. */
function playwrightChromium() {
  try {
    return createRequire(join(root, 'package.json'))('playwright').chromium.executablePath();
  } catch {
    return undefined;
  }
}

/** The path of a Chromium that can be started, or null. */
export function findChromium() {
  for (const path of candidates()) {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      continue;
    }
    // Ubuntu's `chromium-browser` is a stub that only asks for a snap: ask for the version to see that it lives.
    // Chrome on Windows opens a window instead of answering.
    if (process.platform === 'win32' || spawnSync(path, ['--version'], { timeout: 30_000 }).status === 0) return path;
  }
  return null;
}

/** The path of a Chromium, installed now if need be; null (and a sentence on stderr) when that is impossible. */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  process.stderr.write('No Chromium found; installing one …\n');
  if (isRootOnDebian()) {
    run('apt-get', ['update']);
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']);
  }
  if (!findChromium()) {
    const command = join(root, 'node_modules', 'playwright', 'cli.js');
    run(process.execPath, [command, 'install', ...(process.getuid?.() === 0 ? ['--with-deps'] : []), 'chromium']);
  }
  const installed = findChromium();
  if (!installed) {
    process.stderr.write(
      'Could not install Chromium. Install it or Chrome by hand, or point CHROMIUM_PATH at one, then try again.\n',
    );
  }
  return installed;
}

function isRootOnDebian() {
  if (process.getuid?.() !== 0) return false;
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function run(command, arguments_) {
  return spawnSync(command, arguments_, {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status;
}
