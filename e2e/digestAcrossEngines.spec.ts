/** The promise under every link: Chromium and Node compute the same bits. `firstVisit` compares the whole default run. */
import { encodeLink, recipe, shortRecipe } from './recipes';
import { expect, test } from './support';

const recipes = {
  'IQL in the maze': shortRecipe(),
  'SAC from nothing on Pendulum': recipe('seed-lottery', {
    'online.steps': 600,
    'evaluation.onlineEvery': 200,
    seeds: '0',
  }),
  'discrete CQL on CartPole': recipe('two-returns', {
    'offline.updates': 400,
    'online.steps': 300,
    'evaluation.regimeEpisodes': 10,
    seeds: '0',
  }),
};

for (const [name, spec] of Object.entries(recipes)) {
  test(`same digest in Chromium and Node: ${name}`, async ({ lab, commandLine }) => {
    const link = encodeLink(spec);
    await lab.open(link);
    await lab.run();
    // Both at once: neither may feel the other.
    const inNode = commandLine('run', link, '--json');
    await lab.finished();
    const { status, stdout, stderr } = await inNode;
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(await lab.digest()).toBe(result.digest);
    expect(result.executor).toBe('wasm');
    expect(result.link).toBe(link);
  });
}
