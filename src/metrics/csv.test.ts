import { expect, test } from 'vitest';
import { curvesToCsv } from './csv';
import { emptyResult } from './results';

const point = {
  step: 100,
  mean: 1.5,
  returns: [1, 2],
  predicted: 0.1,
  realised: null,
  outsideData: 0,
  distanceToPretrained: null,
};

test('one row an evaluation and one a training episode, with empty cells where nothing was measured', () => {
  const result = emptyResult(3);
  result.offline.push(point);
  result.episodes.push({ step: 60, return: 7, length: 60 });
  expect(curvesToCsv('Stitching', [result]).split('\r\n')).toEqual([
    'run,seed,phase,step,kind,return,episodes,predicted_q,realised_return,actions_outside_data,distance_to_pretrained,returns',
    'Stitching,3,offline,100,greedy,1.5,2,0.1,,0,,1 2',
    'Stitching,3,online,60,exploring,7,1,,,,,7',
    '',
  ]);
});
test('a name with commas and quotes stays one cell', () => {
  const result = emptyResult(0);
  result.online.push(point);
  expect(curvesToCsv('half, "kept"', [result])).toContain('\r\n"half, ""kept""",0,online,');
});
test('a name that a spreadsheet would run is not run', () => {
  const result = emptyResult(0);
  result.online.push(point);
  expect(curvesToCsv('=HYPERLINK("x")', [result])).toContain(`\r\n"'=HYPERLINK(""x"")",0,`);
});
test('numbers keep every digit', () => {
  const result = emptyResult(0);
  result.offline.push({ ...point, mean: 0.1 + 0.2 });
  expect(curvesToCsv('run', [result])).toContain(',0.30000000000000004,');
});
