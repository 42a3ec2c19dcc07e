/** The page in a story's words. Finds things as a person or a screen reader does: by role, name and text. */
import { expect, type Locator, type Page } from '@playwright/test';
import { type DecodedLink, decodeLink } from '../src/spec/link';

/** Time for a whole run of a story's recipe on a busy machine. */
const runTimeout = 90_000;

export class LabPage {
  constructor(readonly page: Page) {}

  /** Opens the lab, with a fragment ("#1…") or without, as a new tab does, and waits until it can be used. */
  async open(fragment = ''): Promise<void> {
    // A change of fragment alone would not load the page again.
    await this.page.goto('about:blank');
    await this.page.goto(`./${fragment.replace(/^.*?(?=#|$)/, '')}`);
    await expect(this.primary('Run')).toBeVisible();
  }

  get transport(): Locator {
    return this.page.getByRole('region', { name: 'Transport' });
  }
  primary(name: 'Run' | 'Run again' | 'Run as new' | 'Pause'): Locator {
    return this.transport.getByRole('button', { name, exact: true });
  }
  get progress(): Locator {
    return this.page.getByRole('progressbar', { name: 'Progress of the lead seed' });
  }
  /** Of the lead seed: "offline update 4,000". */
  async place(): Promise<string> {
    return (await this.progress.getAttribute('aria-valuetext')) ?? '';
  }

  async run(): Promise<void> {
    await this.transport.getByRole('button', { name: /^Run( again| as new)?$/ }).click();
  }
  /** Waits for every seed's end. */
  async finished(timeout = runTimeout): Promise<void> {
    await expect(this.progress).toHaveAttribute('aria-valuetext', 'finished', { timeout });
    await expect(this.world).not.toContainText('could not be drawn');
  }
  /** Waits until the lead seed has passed this update; gives the one it was seen at. */
  async passes(phase: 'offline update' | 'online step', step: number): Promise<number> {
    const seen = { step: -1 };
    await expect(async () => {
      const [, count] = new RegExp(`${phase} ([\\d,]+)`).exec(await this.place()) ?? [];
      seen.step = count === undefined ? -1 : Number(count.replaceAll(',', ''));
      expect(seen.step).toBeGreaterThanOrEqual(step);
    }).toPass({ intervals: [20], timeout: runTimeout });
    return seen.step;
  }

  get sentence(): Locator {
    return this.page.getByRole('region', { name: 'Recipe' });
  }
  get curve(): Locator {
    return this.page.getByRole('region', { name: 'Return', exact: true });
  }
  /** The numbers behind the newest run's curve, a row an evaluation. */
  get points(): Locator {
    return this.page.getByRole('table', { name: 'Numbers of the curve' }).locator('tbody tr');
  }
  get world(): Locator {
    return this.page.getByRole('region', { name: 'World and map' });
  }
  get cards(): Locator {
    return this.page.getByRole('region', { name: 'Data and regime' });
  }
  /** Rows of the run table, newest first. */
  get runs(): Locator {
    return this.page.getByRole('region', { name: 'Runs', exact: true }).locator('tbody tr');
  }
  get messages(): Locator {
    return this.page.getByTestId('message');
  }

  /** SHA-256 of a finished run, 64 hex digits. */
  async digest(run: Locator = this.runs.first()): Promise<string> {
    const digest = await run.getByTitle(/^[0-9a-f]{64}$/).getAttribute('title');
    return digest ?? '';
  }

  async openSettings(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'All settings', exact: true }).click();
    const settings = this.page.getByRole('complementary', { name: 'All settings' });
    await expect(settings).toBeVisible();
    return settings;
  }
  /** Types a number into a setting's field, as it is called in the panel, and leaves the field. */
  async set(settings: Locator, name: string, value: number): Promise<void> {
    const field = settings.getByRole('textbox', { name, exact: true });
    await field.fill(String(value));
    await field.press('Enter');
  }

  /** What the address bar holds. */
  address(): DecodedLink {
    return decodeLink(new URL(this.page.url()).hash);
  }
}
