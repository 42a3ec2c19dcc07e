/** Every string of the page, in one place for later translation. Sentence case, present tense, no blame (product.md §8). */

import type { Position } from '../metrics/events';
import type { RegimeLabel } from '../metrics/regime';

/** "4,200": whole numbers with commas, the same on every machine. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}
/** A place in a run: "offline update 4,000", "online step 120". */
export function placeText({ phase, step }: Position): string {
  return phase === 'offline' ? `offline update ${count(step)}` : `online step ${count(step)}`;
}
function seedsText(seeds: number): string {
  return seeds === 1 ? 'one seed' : `${seeds} seeds`;
}

const executors: Readonly<Record<string, string>> = {
  wasm: 'WebAssembly',
  'wasm-relaxed': 'WebAssembly, fused multiply-add',
  webgpu: 'WebGPU',
  'tfjs-wasm': 'TensorFlow.js, WebAssembly',
  'tfjs-cpu': 'TensorFlow.js, plain JavaScript',
  'tfjs-webgl': 'TensorFlow.js, WebGL',
  'tfjs-webgpu': 'TensorFlow.js, WebGPU',
};
/** What the page calls an executor. */
export function executorName(id: string): string {
  return executors[id] ?? id;
}

export const words = {
  title: 'Regime Lab',
  skip: 'Skip to the curve',
  landmarks: {
    recipe: 'Recipe',
    transport: 'Transport',
    curve: 'Return',
    world: 'World and map',
    instruments: 'Instruments',
    cards: 'Data and regime',
    runs: 'Runs',
    settings: 'All settings',
  },

  header: {
    preset: 'Preset',
    changed: 'changed',
    backToPreset: 'Back to the preset as it is',
    themeTo: (next: 'light' | 'dark') => `Switch to the ${next} theme`,
    help: 'Keys',
    speed: 'Speed',
    speedHelp: 'How fast is your machine?',
    share: 'Share',
  },

  recipe: {
    allSettings: 'All settings',
    presetValue: (value: string) => `preset: ${value}`,
    others: 'Other settings of the switch',
    edit: 'Edit the recipe',
  },

  transport: {
    run: 'Run',
    again: 'Run again',
    asNew: 'Run as new',
    undo: 'Undo edit',
    pause: 'Pause',
    step: 'Step',
    stepHelp: 'One update offline, one environment step online, lead seed only. Shift: to the next evaluation.',
    reset: 'Reset',
    resetHelp: 'Back to step 0: same seeds, same data, same initial weights.',
    newSeeds: 'New seeds',
    newSeedsHelp: 'Same count, next unused seeds, same data: a new run.',
    seeds: 'Number of seeds',
    seedsHelp: 'Repeats that differ only in random numbers; the data stay the same. Fewer than 5 is weak evidence.',
    manySeeds: (seeds: number) => `Run ${seeds} seeds`,
    manySeedsHelp: (seeds: number) => `Sets the number of seeds to ${seeds} and runs, as a new run.`,
    speed: 'Speed',
    speeds: [
      { value: 0, label: 'Full speed' },
      { value: 200, label: '200 a second' },
      { value: 20, label: '20 a second' },
      { value: 2, label: '2 a second' },
    ],
    progress: 'Progress of the lead seed',
    more: 'More about this run',
    finish: 'Finish now',
    finishHelp: 'Ends and measures. The link repeats it.',
    stop: 'Stop',
    stopHelp: 'Ends here. The curves are kept.',
    notStarted: 'not started',
    finished: 'finished',
    seedsDone: (done: number, all: number) => `${done} of ${all} seeds done`,
    sweepDone: (done: number, all: number, place: string | null) =>
      `${done} of ${all} values done${place === null ? '' : `, ${place}`}`,
    left: (seconds: number) =>
      seconds >= 90 ? `${Math.round(seconds / 60)} min` : `${Math.max(1, Math.round(seconds))} s`,
    opening: 'Getting the programs ready',
    preparing: (what: string, percent: number) => `${what}, ${percent} %`,
  },

  chart: {
    title: 'Return per episode',
    unit: ({ name, of }: { name: string; of?: number }) => (of === undefined ? name : `${name}, of ${count(of)}`),
    empty: 'Run to see the curve',
    waiting: 'The first point comes at update 0',
    hidden: 'Hidden: knowing this needs the environment',
    offline: 'updates, offline',
    online: 'environment steps, online',
    offlineShort: 'updates',
    onlineShort: 'steps',
    switch: 'switch',
    frozen: (steps: number) => `policy frozen, ${count(steps)} steps`,
    ceiling: 'no policy can earn this',
    random: 'random',
    data: 'data',
    menu: 'Save the curves',
    csv: 'CSV',
    json: 'JSON',
    png: 'PNG',
    exploring: 'Exploring return',
    caption: (seeds: number) =>
      seeds < 2
        ? 'One seed, so no band. Slopes are comparable inside a zone only.'
        : `Interquartile mean, 95 % bootstrap band, ${seeds < 5 ? 'weak: ' : ''}${seedsText(seeds)}. Slopes are comparable inside a zone only.`,
    lead: 'lead seed',
    fewer: (alive: number, all: number, diverged: boolean) =>
      `${alive} of ${all}, ${all - alive === 1 ? 'one' : all - alive} ${diverged ? 'diverged' : 'ended early'}`,
    summary: (at: string, value: string, data: string | null) =>
      data === null ? `${at}, return ${value}` : `${at}, return ${value}, data ${data}`,
    table: 'Numbers of the curve',
    tableHead: ['Place', 'Return', '95 % interval', 'Seeds', 'Lowest', 'Highest'],
    interval: (low: string, high: string) => `${low} to ${high}`,
    box: {
      mean: 'mean',
      interval: '95 %',
      range: 'seeds from',
      difference: 'against π₀',
    },
  },

  sweep: {
    online: (name: string) => `${name} online`,
    open: (name: string) => `Sweep ${name}`,
    title: (name: string) => `Sweep ${name}`,
    help: 'One run for each value, everything else as it stands.',
    from: 'From',
    to: 'To',
    count: 'How many',
    spacing: 'Spacing',
    linear: 'Even steps',
    log: 'Even ratios',
    seeds: 'Seeds a value',
    plan: (values: number, seeds: number) =>
      seeds === 1
        ? `${values} runs of one seed each.`
        : `${values} runs of ${seeds} seeds each: ${count(values * seeds)} seeds to train.`,
    values: (texts: readonly string[]) => `Values: ${texts.join(' · ')}`,
    fewer: (found: number) => `Only ${found} different values fit between the two.`,
    problems: {
      notANumber: 'Give a number for both ends.',
      outOfRange: (takes: string) => `This setting takes ${takes}.`,
      notAscending: '“From” must be below “To”.',
      count: 'A sweep has 2 to 16 values.',
      logOfZero: 'Even ratios need a start above 0.',
    },
    seedsProblem: (most: number) => `Give 1 to ${most} seeds.`,
    start: 'Start the sweep',
    cancel: 'Cancel',
    panel: (name: string) => `Final return against ${name}`,
    table: (name: string) => `Values of ${name}`,
    head: { value: 'Value', final: 'Final', interval: '95 %', seeds: 'Seeds', state: 'State' },
    now: (value: string) => `now ${value}`,
    waiting: 'The first point comes with the first evaluation',
    nothing: 'Stopped before the first evaluation',
    soFar: 'Hollow: return so far. Filled: final.',
    done: (done: number, all: number) => `${done} of ${all} done`,
    stopped: (done: number, all: number) => `stopped, ${done} of ${all} done`,
    state: { waiting: 'waiting', stopped: 'stopped', done: 'done' },
    diverged: 'diverged',
    failed: 'failed',
    someFailed: (failed: number, all: number, how: string) => `${failed} of ${all} ${how}`,
    use: 'Use this value',
    useHelp: 'Puts the picked value into the recipe.',
    pick: (value: string) => `Pick ${value}`,
    caption: (seeds: number) =>
      seeds === 1
        ? 'One curve a value, one seed each, so no bands.'
        : `One curve a value, interquartile mean of ${seeds} seeds; the picked value shows its 95 % band.`,
    group: (name: string, low: string, high: string) => `Sweep of ${name}, ${low} to ${high}`,
    expand: 'Show the runs of the sweep',
    collapse: 'Hide the runs of the sweep',
    showAll: (name: string) => `Show all runs: ${name}`,
    takeRecipe: 'Use the recipe that was swept',
    deleted: (runs: number) => `${runs} runs are deleted.`,
  },

  instruments: {
    q: 'Predicted Q and realised',
    qLegend: 'solid: predicted, dashed: realised',
    outside: 'Actions outside the data',
    none: 'not measured',
    noCritic: 'this algorithm has no critic',
    noData: 'there are no data',
    pair: (predicted: string, realised: string) => `${predicted} and ${realised}`,
    qRule: (gap: string) =>
      `Gap ${gap} of the discounted distance from random to reference: watch from 25 %, broken from 100 % or above the ceiling.`,
    outsideRule: 'Watch from 20 %, broken from 50 % of actions without data nearby.',
    health: { ok: 'ok', watch: 'watch', broken: 'broken' },
  },

  world: {
    title: 'World and map',
    view: { both: 'Both', world: 'World', map: 'Map' },
    ground: 'Value',
    arrows: 'Arrows',
    rings: 'Outside',
    dots: 'Data',
    preparing: 'Preparing the world',
    failed: (detail: string) => `The map could not be drawn: ${detail}`,
    legend: {
      value: 'V: return expected from here, discounted',
      actionValue: 'Q at the policy’s action: return expected, discounted',
      none: 'cloning has no critic, so there is no value to show',
      before: 'lines: sample episodes of the data',
      rings: 'crossed rings: no data nearby',
    },
    greedy: 'greedy',
    exploring: 'exploring',
    caption: (kind: string, at: string) => `${kind}, ${at}`,
    returnSoFar: (value: string) => `return so far ${value}`,
    valueHere: (value: string) => `V here ${value}`,
    next: 'Next frame',
    startHint: 'Click a place to start an episode there',
    label: (environment: string) => `${environment}, seen from above`,
    tableCaption: 'Value at 9 × 9 states',
  },

  cards: {
    data: 'Data',
    dataLine: (sentence: string, episodes: number, mean: string, best: string) =>
      `${sentence} · ${count(episodes)} episodes · J(D) ${mean} · best ${best}`,
    dataNone: 'No data: learning starts by acting.',
    normalised: (value: string) => `${value} on the 0-100 scale`,
    references: (random: string, reference: string, name: string) => `random ${random}, ${name} ${reference}`,
    coverage: (cells: string, pairs: string) => `${cells} of reachable cells, ${pairs} of cell and direction pairs`,
    digest: (digest: string) => `digest ${digest}`,
    seed: (seed: number) => `dataset seed ${seed}`,
    histogram: (low: string, high: string) => `Episode returns from ${low} to ${high}; the line is J(D)`,
    regime: 'Regime',
    regimeBefore: (episodes: number) =>
      `Is the pretrained policy better than its data? Measured at the switch, ${count(episodes)} greedy episodes a seed.`,
    regimeNone: 'Nothing is pretrained on data here, so there is no regime.',
    regimeNames: {
      superior: 'Superior',
      comparable: 'Comparable',
      undecided: 'Undecided (counts as comparable)',
      inferior: 'Inferior',
    } satisfies Record<RegimeLabel, string>,
    regimeMeaning: {
      superior: 'The pretrained policy beats its data',
      comparable: 'Policy and data are equally good within δ',
      undecided: 'The interval reaches across δ, so more seeds are needed to know',
      inferior: 'The pretrained policy is worse than its data',
    } satisfies Record<RegimeLabel, string>,
    regimeAdvice: {
      superior: 'Protect the policy. Warm-up or an anchor should beat leaning on old data.',
      comparable: 'Either family may win.',
      undecided: 'Either family may win.',
      inferior: 'Use the data. Replay it in every batch; resetting networks may help further.',
    } satisfies Record<RegimeLabel, string>,
    rule: 'What the rule says',
    numbers: (
      pretrained: string,
      data: string,
      difference: string,
      low: string,
      high: string,
      scale: string,
      margin: string,
    ) =>
      `${pretrained} against ${data} (difference ${difference}, 95 % ${low} to ${high}; on the 0-100 scale ${scale}, margin δ ${margin})`,
    foot: (seeds: number, episodes: number, dataEpisodes: number) =>
      `${seeds === 1 ? 'One seed' : `${seeds} seeds`}, ${count(episodes)} episodes, data ${count(dataEpisodes)} episodes. Rule: Li et al. 2025; right in 45 of their 63 settings, opposite in 3. δ and level can be changed.`,
    oneSeed: 'Over episodes only: says nothing about other seeds.',
  },

  end: {
    line: (from: string, pretrained: string, last: string) =>
      `Pretraining took it from ${from} to ${pretrained}, acting from ${pretrained} to ${last}. Try one change:`,
    offlineOnly: (from: string, pretrained: string) =>
      `Pretraining took it from ${from} to ${pretrained}. Try one change:`,
    onlineOnly: (last: string) => `Acting took it to ${last}. Try one change:`,
  },

  runs: {
    title: 'Runs',
    table: 'Table of runs',
    head: {
      name: 'Run',
      seeds: 'Seeds',
      pretrained: 'Pretrained',
      last: 'Last',
      best: 'Best',
      regime: 'Regime',
      digest: 'Digest',
      actions: 'Actions',
    },
    status: { running: 'running', paused: 'paused', finished: '', stopped: 'stopped' },
    stoppedAt: (place: string) => `stopped at ${place}`,
    otherWorld: 'Another world: its returns share no axis with the recipe’s, so it is not drawn now.',
    show: (name: string) => `Show ${name}`,
    failed: (failed: number) => `${failed} failed`,
    menu: (name: string) => `Actions for ${name}`,
    take: 'Use this recipe',
    takeWithChanges: 'Use this recipe with its changes',
    csv: 'Save CSV',
    json: 'Save JSON',
    remove: 'Delete',
    removed: (name: string) => `${name} is deleted.`,
    undo: 'Undo',
    same: 'Same digest',
    different: 'Different digest',
    dash: '–',
  },

  machine: {
    title: 'Machine',
    before: (executor: string) => `${executor} will train.`,
    beforeAuto: 'Times each executor on this recipe before it trains, then takes the fastest.',
    line: (executor: string, rate: string | null) =>
      rate === null ? `${executor} trains` : `${executor} · ${rate} updates a second`,
    rateHelp: 'All seeds that train at the same time together, evaluations included.',
    same: 'Same bits everywhere: the digest repeats in any browser and in Node.',
    differs: 'Not the same bits everywhere: curves agree with other machines, digests do not compare.',
    stale: (steps: number) => `Online it acts with weights up to ${count(steps)} steps old.`,
    resumed: (place: string, executor: string) => `The device was lost; ${executor} went on from ${place}.`,
    test: 'How fast is your machine?',
  },

  speed: {
    title: 'How fast is your machine?',
    back: 'Back to the lab',
    explanation:
      'Times one IQL update on made-up data with every executor this browser offers, in turns, on a small and on a published network size; TensorFlow.js computes the same losses. It takes less than a minute, and nothing leaves this machine.',
    what: 'one IQL update',
    size: (hidden: number, batch: number) => `Two layers of ${hidden} units, batch ${batch}`,
    start: 'Start the test',
    again: 'Test again',
    cancel: 'Cancel',
    competes: 'Training is running. The two would slow each other, and the machine would look slower than it is.',
    sharing: 'Training goes on beside it, so the machine looks slower than it is.',
    pauseAndStart: 'Pause training and start',
    startAnyway: 'Start anyway',
    idle: 'Nothing has been measured yet.',
    progress: 'Progress of the test',
    finished: 'Done. Medians over several turns; hover over a time for its quartiles.',
    cancelled: 'Cancelled before the first result.',
    cancelledWithRows: 'Cancelled. What was measured until then is kept.',
    failed: (reason: string) => `The test stopped: ${reason}. What was measured until then is kept.`,
    stages: {
      peak: 'Finding the fastest matrix product of one core',
      devicePeak: 'Finding the fastest matrix product of the graphics processor',
      opening: (executor: string, size: string) => `Preparing ${executor}: ${size}`,
      timing: (size: string) => `Timing in turns: ${size}`,
    },
    head: {
      executor: 'Executor',
      time: 'An update',
      times: 'Against the lab’s WebAssembly',
      rate: 'Updates a second',
      flops: 'GFLOP/s',
      share: 'Of the peak',
    },
    table: (size: string) => `Times of an update: ${size}`,
    each: (time: string) => `${time} an update`,
    rate: (rate: string) => `${rate} updates/s`,
    timesLab: (times: string) => `× ${times} of the lab’s WebAssembly`,
    share: (flops: string, share: string) => `${flops} GFLOP/s, ${share} of the peak`,
    ratesOf: (size: string) => `Updates a second: ${size}`,
    roofline: 'Matrix arithmetic of the update against the fastest matrix product measured here (the line)',
    noDevice: 'none that WebGPU can use',
    software: (name: string) => `${name}, played by the processor`,
    deviceLine: (device: string) => `Graphics: ${device}.`,
    peakLine: (flops: string) => `Fastest matrix product of one core: ${flops} GFLOP/s.`,
    devicePeakLine: (flops: string) => `Of the graphics processor: ${flops} GFLOP/s.`,
    skipped: (executor: string, reason: string) => `${executor} was left out: ${reason}.`,
    disturbed:
      'A share over 100 % means that something else used the processor in between. On a quiet machine the numbers are better.',
    machine: 'This machine',
    copyText: 'Copy as text',
    copyJson: 'Copy as JSON',
    refused: 'The browser refused to copy.',
  },

  share: {
    title: 'Share',
    link: 'Link',
    length: (characters: number) => `${count(characters)} characters`,
    copy: 'Copy',
    copied: 'Copied',
    content: 'What the link carries',
    settings: 'Settings only',
    result: 'With result',
    command: 'At the command line',
    tooLong: 'Over 2,000 characters some programs cut a link. Save a file instead.',
    file: 'Save as a file',
    refused: 'The browser refused to copy. Select the text and copy it by hand.',
  },
  shared: {
    note: 'Shared result. Run it to check.',
  },

  settings: {
    close: 'Close settings',
    more: (hidden: number) => `${hidden} more`,
    less: 'Fewer',
    reset: (label: string) => `Reset ${label} to the preset’s value`,
    find: 'Find a setting',
    nothing: 'No setting has this word.',
  },

  messages: {
    close: 'Close message',
  },

  keys: {
    title: 'Keys',
    single: 'Single keys',
    singleHelp: 'Work outside of fields only',
    list: [
      ['Space', 'Run or pause'],
      ['.', 'Step: one update or one environment step'],
      ['Shift .', 'Run to the next evaluation'],
      ['[  ]', 'Slower, faster'],
      ['R', 'Reset'],
      ['N', 'New seeds'],
      ['E', 'All settings'],
      ['S', 'Share'],
      ['G', 'Presets'],
      ['L', 'Next map'],
      ['1-6', 'Show or hide a run'],
      ['H', 'Hide the other runs'],
      ['/', 'Find a setting'],
      ['P', 'Projector'],
      ['M', 'How fast is your machine?'],
      ['← →', 'Move along the curve, when it has the focus'],
      ['?', 'This list'],
    ],
  },
} as const;
